package io.sparkmoe.core.routing;

/**
 * Many segments of expert ids in Arrow's list layout: int32 offsets [segments + 1] and ids of one {@link IdType}.
 *
 * <p>A view: it owns no memory and is valid as long as whoever made it says. Segment s has ids
 * [offsets[s], offsets[s + 1]); offsets[0] need not be 0. NULL elements have been written as -1; whether a segment is
 * NULL is the caller's business (its length is 0 here).
 *
 * @param firstRow number of segment 0 in the caller's counting, for messages
 */
public record RoutingBatch(IdType type, int segments, long offsetsAddress, long idsAddress, long firstRow) {
    /** Where segment s starts, in ids. */
    public int start(int segment) {
        return Memory.getInt(offsetsAddress + 4L * segment);
    }

    /** Number of ids of segment s. */
    public int length(int segment) {
        return start(segment + 1) - start(segment);
    }

    /** Address of the first id of segment s. */
    public long address(int segment) {
        return idsAddress + (long) start(segment) * type.bytes();
    }

    /** All ids of the batch. */
    public long totalIds() {
        return start(segments) - (long) start(0);
    }

    /** The segments [from, to) as a batch; shares the memory. */
    public RoutingBatch slice(int from, int to) {
        if (from < 0 || to < from || to > segments) {
            throw new IllegalArgumentException("slice [" + from + ", " + to + ") of " + segments + " segments");
        }
        return new RoutingBatch(type, to - from, offsetsAddress + 4L * from, idsAddress, firstRow + from);
    }

    /** One id, sign-extended and with a masked code read as -1; for tests and messages, not for loops. */
    public int id(long index) {
        long at = idsAddress + index * type.bytes();
        return switch (type) {
            case INT8 -> Memory.getByte(at);
            case INT16 -> Memory.getShort(at);
            case INT32 -> Memory.getInt(at);
            case UINT8 -> Memory.getByte(at) & 0xff;
            case UINT16 -> Memory.getShort(at) & 0xffff;
            case UINT8_MASKED -> maskedCode(Memory.getByte(at) & 0xff, 0xff);
            case UINT16_MASKED -> maskedCode(Memory.getShort(at) & 0xffff, 0xffff);
        };
    }

    private static int maskedCode(int code, int allOnes) {
        return code == allOnes ? -1 : code;
    }
}

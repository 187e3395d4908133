package io.sparkmoe.core.routing;

/**
 * Routing data that an operator cannot take: which row and position, the value seen, the allowed range and what to do.
 *
 * <p>Rows are counted from 0 in the order the operator received them ({@link RoutingBatch#firstRow()} plus the segment).
 */
public final class MalformedRoutingException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final long row;
    private final long position;

    public MalformedRoutingException(long row, long position, String message) {
        super(message);
        this.row = row;
        this.position = position;
    }

    /** An expert id outside [0, num_experts). */
    public static MalformedRoutingException expertId(long row, long position, long value, int numExperts) {
        return new MalformedRoutingException(
                row,
                position,
                String.format(
                        "row %d, position %d: expert id %d is outside [0, %d). Check num_experts, "
                                + "or pass invalid => 'drop' to leave such ids out and count them.",
                        row, position, value, numExperts));
    }

    /** A masked id where the caller asked for none. */
    public static MalformedRoutingException masked(long row, long position) {
        return new MalformedRoutingException(
                row,
                position,
                String.format(
                        "row %d, position %d: masked expert id (-1 or NULL) while masked => 'error'. Pass masked => 'drop' "
                                + "to leave masked ids out and count them.",
                        row, position));
    }

    /** A result whose element count passes what an int32 Arrow offset can say. */
    public static MalformedRoutingException tooLarge(long row, String what, long elements) {
        return new MalformedRoutingException(
                row,
                -1,
                String.format(
                        "row %d: %s would have %d elements, more than the 2147483647 that a list can hold. Use fewer ids "
                                + "a row, a smaller block_size, or moe_align_compact, which does not pad.",
                        row, what, elements));
    }

    /** The row of the offending list. */
    public long row() {
        return row;
    }

    /** The position inside the row's list, or -1 where the row as a whole is at fault. */
    public long position() {
        return position;
    }
}

package io.sparkmoe.core.reorder;

/**
 * Tensors in host memory: int64 offsets [segments + 1], in elements, and the values back to back.
 *
 * <p>A view: it owns no memory and is valid as long as whoever made it says. Values are aligned to their element, a segment
 * to nothing more. NULL elements and NULL segments are the caller's business (a NULL segment has length 0 here).
 *
 * @param valuesAddress where element 0 would lie: segment s is at valuesAddress + start(s) * type.bytes()
 * @param firstRow number of segment 0 in the caller's counting, for messages
 */
public record TensorBatch(TensorType type, int segments, long offsetsAddress, long valuesAddress, long firstRow)
        implements Activations {
    /** Address of the first element of segment s. */
    public long address(int segment) {
        return valuesAddress + start(segment) * type.bytes();
    }

    /** The segments [from, to) as a batch; shares the memory. */
    public TensorBatch slice(int from, int to) {
        if (from < 0 || to < from || to > segments) {
            throw new IllegalArgumentException("slice [" + from + ", " + to + ") of " + segments + " segments");
        }
        return new TensorBatch(type, to - from, offsetsAddress + 8L * from, valuesAddress, firstRow + from);
    }

    /** One element, widened; for tests and messages, not for loops. */
    public float value(long index) {
        return Conversions.read(type, valuesAddress + index * type.bytes());
    }
}

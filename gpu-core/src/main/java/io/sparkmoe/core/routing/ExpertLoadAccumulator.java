package io.sparkmoe.core.routing;

/**
 * Expert load of many groups: counts[slot][expert], int64, updated batch by batch and resident for a task's life.
 *
 * <p>The caller maps group keys to dense slots 0, 1, 2, ... and bounds their number. Not thread-safe.
 */
public interface ExpertLoadAccumulator extends AutoCloseable {
    /**
     * Counts a batch.
     *
     * @param slots group slot of each segment, [batch.segments()], each in [0, numSlots)
     * @param numSlots slots in use after this batch; never shrinks
     * @throws MalformedRoutingException under {@link InvalidPolicy#ERROR}; the accumulator is then unusable
     */
    void add(RoutingBatch batch, int[] slots, int numSlots);

    /** Copies the counts of one slot into {@code out} [E]. */
    void read(int slot, long[] out);

    /** Forgets every slot, keeping the memory. */
    void clear();

    /** What was left out so far. */
    IdCounts counts();

    @Override
    void close();
}

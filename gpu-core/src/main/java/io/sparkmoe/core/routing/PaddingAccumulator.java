package io.sparkmoe.core.routing;

/** Padding figures summed over the segments of many groups; see {@link ExpertLoadAccumulator} for the use of slots. */
public interface PaddingAccumulator extends AutoCloseable {
    /** Adds the figures of every segment of a batch to its slot. */
    void add(RoutingBatch batch, int[] slots, int numSlots);

    /** The sums of one slot. */
    PaddingTotals read(int slot);

    /** Forgets every slot, keeping the memory. */
    void clear();

    /** What was left out so far. */
    IdCounts counts();

    @Override
    void close();
}

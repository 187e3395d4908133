package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import java.util.SortedSet;

/**
 * Transitions of many groups: counts[slot][layer pair][i][j] = (slot holding i at the earlier layer, slot holding j at the
 * later one) of the same token. Layer pairs are found in the data. Not thread-safe.
 */
public interface TransitionAccumulator extends AutoCloseable {
    /**
     * Counts the blocks.
     *
     * @param slots group slot of each block, each in [0, numSlots)
     * @param numSlots slots in use after this batch; never shrinks
     * @throws MalformedRoutingException for layers that do not ascend or do not have the same tokens, and for ids under
     *     {@link InvalidPolicy#ERROR}; the accumulator is then unusable
     */
    void add(LayerBlocks blocks, int[] slots, int numSlots);

    /** The pairs that a slot has seen. */
    SortedSet<LayerPair> pairs(int slot);

    /** Copies the counts of one slot and pair into {@code out} [E x E], row-major; zeros for a pair not seen. */
    void read(int slot, LayerPair pair, long[] out);

    /** Memory that the counts take: it grows with slots x layer pairs. */
    long bytes();

    /** Forgets every slot. */
    void clear();

    /** What was left out so far. */
    IdCounts counts();

    @Override
    void close();
}

package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;

/** Co-activation of many groups: counts[slot][i][j] of a {@link CoactivationKind}. Not thread-safe. */
public interface CoactivationAccumulator extends AutoCloseable {
    /**
     * Counts a batch.
     *
     * @param slots group slot of each segment, [batch.segments()], each in [0, numSlots)
     * @param numSlots slots in use after this batch; never shrinks
     * @throws MalformedRoutingException for a segment that does not hold whole tokens, and for ids under
     *     {@link InvalidPolicy#ERROR}; the accumulator is then unusable
     */
    void add(RoutingBatch batch, int[] slots, int numSlots);

    /**
     * Copies the counts of one slot.
     *
     * @param out the upper {@link Triangle}, [Triangle.size(E)]
     */
    void read(int slot, long[] out);

    /** Forgets every slot, keeping the memory. */
    void clear();

    /** What was left out so far. */
    IdCounts counts();

    @Override
    void close();
}

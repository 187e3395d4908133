package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;

/** Agreement of two routings of the same tokens, for many groups. Not thread-safe. */
public interface AgreementAccumulator extends AutoCloseable {
    /**
     * Compares segment s of one batch with segment s of the other.
     *
     * @param slots group slot of each segment, each in [0, numSlots)
     * @param numSlots slots in use after this batch; never shrinks
     * @throws MalformedRoutingException for segments of different lengths or without whole tokens, and for ids below -1 or
     *     above 65,534; the accumulator is then unusable
     */
    void add(RoutingBatch left, RoutingBatch right, int[] slots, int numSlots);

    /** The sums of one slot. */
    AgreementTotals read(int slot);

    /** Forgets every slot, keeping the memory. */
    void clear();

    /** Ids seen, both sides together, and the masked ones among them. */
    IdCounts counts();

    @Override
    void close();
}

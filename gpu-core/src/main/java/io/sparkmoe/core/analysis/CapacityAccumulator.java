package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;
import org.jspecify.annotations.Nullable;

/** Capacity and drops of many groups; a segment is one forward pass at one layer. Not thread-safe. */
public interface CapacityAccumulator extends AutoCloseable {
    /**
     * Adds the passes of a batch.
     *
     * @param weights as the ids: an expert keeps the heaviest (of equal ones, the earlier); null: it keeps the earliest
     * @param slots group slot of each segment, each in [0, numSlots)
     * @param numSlots slots in use after this batch; never shrinks
     * @throws MalformedRoutingException for segments without whole tokens, weights that are NaN or not as many as the ids,
     *     and ids under {@link InvalidPolicy#ERROR}; the accumulator is then unusable
     */
    void add(RoutingBatch batch, @Nullable WeightBatch weights, int[] slots, int numSlots);

    /** The sums of one slot. */
    CapacityTotals read(int slot);

    /** Forgets every slot, keeping the memory. */
    void clear();

    /** What was left out so far. */
    IdCounts counts();

    @Override
    void close();
}

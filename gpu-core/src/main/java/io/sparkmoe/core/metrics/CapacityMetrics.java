package io.sparkmoe.core.metrics;

import org.jspecify.annotations.Nullable;

/** Shares of what limited capacity drops; null where there was nothing to drop. */
public final class CapacityMetrics {
    private CapacityMetrics() {}

    /** Share of ids beyond their expert's capacity. */
    public static @Nullable Double dropped(long dropped, long ids) {
        return ids == 0 ? null : (Double) ((double) dropped / ids);
    }

    /** Share of tokens that lose at least one id (or all, by which count is given). */
    public static @Nullable Double tokens(long tokensHit, long tokens) {
        return tokens == 0 ? null : (Double) ((double) tokensHit / tokens);
    }

    /**
     * Share of the slots that stay empty: 1 - (ids - dropped) / (capacity * E).
     *
     * @param capacity slots of one expert, summed over passes
     */
    public static @Nullable Double idle(long dropped, long ids, long capacity, int numExperts) {
        return capacity == 0 ? null : (Double) (1 - (double) (ids - dropped) / capacity / numExperts);
    }
}

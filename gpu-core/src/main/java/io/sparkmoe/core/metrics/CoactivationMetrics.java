package io.sparkmoe.core.metrics;

import org.jspecify.annotations.Nullable;

/** Figures of co-activation counts, cell by cell; null where the denominator is 0. */
public final class CoactivationMetrics {
    private CoactivationMetrics() {}

    /**
     * Of the tokens that name i, the share that names j too: token_count[i, j] / token_count[i, i]. At most 1, and not
     * symmetric.
     */
    public static @Nullable Double conditional(long both, long tokensOfI) {
        return tokensOfI == 0 ? null : (Double) ((double) both / tokensOfI);
    }

    /**
     * token_count[i, j] * T / (token_count[i, i] * token_count[j, j]): how many times as often as if the two were chosen
     * independently. Compare with {@link #uniformLift}, not with 1.
     *
     * @param tokens T, tokens with a known id
     */
    public static @Nullable Double lift(long both, long tokensOfI, long tokensOfJ, long tokens) {
        return tokensOfI == 0 || tokensOfJ == 0
                ? null
                : (Double) ((double) both / tokensOfI * ((double) tokens / tokensOfJ));
    }

    /** The lift of uniform random routing, E (k - 1) / (k (E - 1)): below 1, since a token names k different experts. */
    public static @Nullable Double uniformLift(int numExperts, int topk) {
        return numExperts < 2 || topk < 1 ? null : (Double) (numExperts * (topk - 1.0) / (topk * (numExperts - 1.0)));
    }

    /** OLMoE's co-activation: neighbouring slots holding i and j, counted both ways, over the ids of i. */
    public static @Nullable Double olmoe(long adjacent, long idsOfI) {
        return idsOfI == 0 ? null : (Double) ((double) adjacent / idsOfI);
    }
}

package io.sparkmoe.core.metrics;

import org.jspecify.annotations.Nullable;

/**
 * How far two routings of the same tokens agree: router saturation and drift between checkpoints, mismatch between
 * training and inference. Null where nothing was compared.
 */
public final class RoutingAgreement {
    private RoutingAgreement() {}

    /** OLMoE's router saturation: mean over tokens of |A and B| / k. */
    public static @Nullable Double saturation(long overlapSum, long tokens, int topk) {
        return tokens == 0 ? null : (Double) ((double) overlapSum / tokens / topk);
    }

    /** Jaccard index of all tokens together: sum |A and B| / sum |A or B|. */
    public static @Nullable Double jaccard(long overlapSum, long unionSum) {
        return unionSum == 0 ? null : (Double) ((double) overlapSum / unionSum);
    }

    /** Share of tokens whose sets differ: of (token, layer) pairs where the counts are summed over layers. */
    public static @Nullable Double mismatch(long equalSets, long tokens) {
        return tokens == 0 ? null : (Double) ((double) (tokens - equalSets) / tokens);
    }

    /**
     * Cosine of two count vectors, such as expert load in two windows of time: 1 where the shares are equal.
     *
     * @throws IllegalArgumentException for vectors of different lengths
     */
    public static @Nullable Double cosine(long[] a, long[] b) {
        if (a.length != b.length) {
            throw new IllegalArgumentException(
                    "cosine needs counts of the same experts, got " + a.length + " and " + b.length);
        }
        double product = 0;
        double squaresOfA = 0;
        double squaresOfB = 0;
        for (int e = 0; e < a.length; e++) {
            product += (double) a[e] * b[e];
            squaresOfA += (double) a[e] * a[e];
            squaresOfB += (double) b[e] * b[e];
        }
        double norms = Math.sqrt(squaresOfA) * Math.sqrt(squaresOfB);
        return norms == 0 ? null : (Double) Math.min(1.0, product / norms);
    }
}

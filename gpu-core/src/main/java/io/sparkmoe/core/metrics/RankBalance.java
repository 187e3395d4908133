package io.sparkmoe.core.metrics;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Balance over expert-parallel ranks: loads of the default placement, and the figures over layers x ranks that engines
 * call balancedness. Three formulas share that name; each method says whose it is.
 */
public final class RankBalance {
    private static final double SGLANG_EPSILON = 1e-5;

    private RankBalance() {}

    /**
     * Ids of each rank under the default placement, contiguous blocks of E / R experts.
     *
     * @throws IllegalArgumentException for ranks below 1 or ranks that do not divide the number of experts
     */
    public static long[] loads(long[] counts, int ranks) {
        if (ranks < 1) {
            throw new IllegalArgumentException("ranks must be at least 1, got " + ranks);
        }
        if (counts.length % ranks != 0) {
            throw new IllegalArgumentException(counts.length + " experts cannot be placed in equal blocks on " + ranks
                    + " ranks: the number of ranks must divide the number of experts");
        }
        int block = counts.length / ranks;
        long[] loads = new long[ranks];
        for (int e = 0; e < counts.length; e++) {
            loads[e / block] += counts[e];
        }
        return loads;
    }

    /** SGLang, one layer: (mean_r g + 1e-5) / (max_r g + 1e-5). */
    public static double sglang(long[] loads) {
        return (mean(loads) + SGLANG_EPSILON) / (max(loads) + SGLANG_EPSILON);
    }

    /**
     * SGLang over layers: the mean over layers of (mean_r g + 1e-5) / (max_r g + 1e-5). SGLang takes it of each forward
     * pass and then averages passes; of totals it is another figure.
     *
     * @param loads [layers][ranks]
     * @return null without layers
     */
    public static @Nullable Double sglangOverLayers(long[][] loads) {
        check(loads);
        double sum = 0;
        for (long[] layer : loads) {
            sum += sglang(layer);
        }
        return loads.length == 0 ? null : sum / loads.length;
    }

    /**
     * vLLM as documented: sum_l mean_r g / sum_l max_r g.
     *
     * @param loads [layers][ranks]
     * @return null where nothing was routed
     */
    public static @Nullable Double vllmDocumented(long[][] loads) {
        check(loads);
        double means = 0;
        double maxima = 0;
        for (long[] layer : loads) {
            means += mean(layer);
            maxima += max(layer);
        }
        return maxima == 0 ? null : means / maxima;
    }

    /**
     * vLLM as shipped to 2026-07, which reduces over layers instead: sum_r mean_l g / sum_r max_l g.
     *
     * @param loads [layers][ranks]
     * @return null where nothing was routed
     */
    public static @Nullable Double vllmAsShipped(long[][] loads) {
        check(loads);
        return loads.length == 0 ? null : vllmDocumented(transposed(loads));
    }

    private static long[][] transposed(long[][] loads) {
        long[][] out = new long[loads[0].length][loads.length];
        for (int l = 0; l < loads.length; l++) {
            for (int r = 0; r < out.length; r++) {
                out[r][l] = loads[l][r];
            }
        }
        return out;
    }

    private static void check(long[][] loads) {
        for (int l = 0; l < loads.length; l++) {
            if (loads[l].length == 0 || loads[l].length != loads[0].length) {
                throw new IllegalArgumentException("layer " + l + " has loads of " + loads[l].length
                        + " ranks, layer 0 of " + loads[0].length + ": every layer needs the same ranks, at least one");
            }
        }
    }

    private static double mean(long[] loads) {
        return Arrays.stream(loads).asDoubleStream().sum() / loads.length;
    }

    private static double max(long[] loads) {
        return Arrays.stream(loads).max().orElseThrow();
    }
}

package io.sparkmoe.core.metrics;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Means over forward passes of figures that totals cannot give. Passes without ids are left out; null without any other. */
public final class PassBalance {
    private PassBalance() {}

    /**
     * TensorRT-LLM's imbalance: mean over iterations of max_r g / mean_r g - 1.
     *
     * @param loads [iterations][ranks]
     */
    public static @Nullable Double trtllm(long[][] loads) {
        return meanExcess(loads);
    }

    /**
     * MaxVio of a batch (loss-free balancing, DeepSeek), averaged: mean over batches of (max_e c - mean_e c) / mean_e c.
     *
     * @param counts [batches][E]
     */
    public static @Nullable Double maxVioOfBatches(long[][] counts) {
        return meanExcess(counts);
    }

    private static @Nullable Double meanExcess(long[][] passes) {
        double sum = 0;
        int taking = 0;
        for (long[] pass : passes) {
            double total = Arrays.stream(pass).asDoubleStream().sum();
            if (total > 0) {
                sum += Arrays.stream(pass).max().orElseThrow() * (double) pass.length / total - 1;
                taking++;
            }
        }
        return taking == 0 ? null : (Double) (sum / taking);
    }

    /**
     * The mean of the last passes' figures, as SGLang prints its balancedness over 10, 100 and 1000 passes.
     *
     * @param figures one a pass, in order; fewer than {@code last} are averaged as they are
     * @throws IllegalArgumentException for last below 1
     */
    public static @Nullable Double meanOfLast(double[] figures, int last) {
        if (last < 1) {
            throw new IllegalArgumentException("last must be at least 1, got " + last);
        }
        int from = Math.max(0, figures.length - last);
        return figures.length == 0
                ? null
                : (Double)
                        Arrays.stream(figures, from, figures.length).average().orElseThrow();
    }
}

package io.sparkmoe.core.metrics;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@link BalanceMetric}s of one layer's counts; a metric that is undefined is null, never NaN. */
public final class BalanceMetrics {
    private static final List<BalanceMetric> ALL = List.of(BalanceMetric.values());

    private final Map<BalanceMetric, Double> defined = new EnumMap<>(BalanceMetric.class);

    private BalanceMetrics() {}

    /**
     * Computes all metrics.
     *
     * @param counts [E] ids of each expert, none negative
     * @param ranks number of ranks R, or null for none; experts [r * E / R, (r + 1) * E / R) belong to rank r
     * @throws IllegalArgumentException for no experts, a negative count, ranks below 1 or E % R != 0
     */
    public static BalanceMetrics of(long[] counts, @Nullable Integer ranks) {
        long[] sorted = counts.clone();
        Arrays.sort(sorted);
        check(sorted);
        BalanceMetrics m = new BalanceMetrics();
        long[] loads = ranks == null ? new long[0] : RankBalance.loads(counts, ranks);
        double sum = sum(sorted);
        if (sum > 0) {
            m.addSpread(sorted, sum);
            m.addEntropy(sorted, sum);
            m.addCoverage(sorted, sum);
            if (loads.length > 0) {
                m.addRanks(loads);
            }
        } else if (loads.length > 0) {
            m.put(BalanceMetric.BALANCEDNESS_SGLANG_OF_TOTALS, RankBalance.sglang(loads));
        }
        return m;
    }

    private static void check(long[] sorted) {
        if (sorted.length == 0) {
            throw new IllegalArgumentException("counts is empty: balance needs the count of at least one expert");
        }
        if (sorted[0] < 0) {
            throw new IllegalArgumentException("counts must not be negative, got " + sorted[0]);
        }
    }

    /** In double: exact up to 2^53, and no sum of int64 counts overflows. */
    private static double sum(long[] counts) {
        double sum = 0;
        for (long c : counts) {
            sum += c;
        }
        return sum;
    }

    private void addSpread(long[] sorted, double sum) {
        int experts = sorted.length;
        double mean = sum / experts;
        double max = sorted[experts - 1];
        double squares = 0;
        double ranked = 0;
        for (int i = 0; i < experts; i++) {
            squares += (sorted[i] - mean) * (sorted[i] - mean);
            // Over ascending counts, sum_ij |c_i - c_j| = 2 sum_i (2 i + 1 - E) c_i with i from 0.
            ranked += (2.0 * i + 1 - experts) * sorted[i];
        }
        put(BalanceMetric.IMBALANCE_MAX_MEAN, max / mean);
        put(BalanceMetric.CV, Math.sqrt(squares / experts) / mean);
        put(BalanceMetric.GINI, ranked / (experts * sum));
        put(BalanceMetric.MAX_VIO, (max - mean) / mean);
    }

    private void addEntropy(long[] sorted, double sum) {
        double entropy = 0;
        for (long c : sorted) {
            if (c > 0) {
                double p = c / sum;
                entropy -= p * Math.log(p);
            }
        }
        // One expert alone gives -1 * ln 1 = -0.0.
        entropy = Math.max(entropy, 0.0);
        put(BalanceMetric.ENTROPY, entropy);
        put(BalanceMetric.EFFECTIVE_EXPERTS, Math.exp(entropy));
        if (sorted.length > 1) {
            put(BalanceMetric.ENTROPY_NORMALIZED, entropy / Math.log(sorted.length));
        }
    }

    private void addCoverage(long[] sorted, double sum) {
        put(BalanceMetric.COVERAGE_TOP_1, coverage(sorted, sum, 1));
        put(BalanceMetric.COVERAGE_TOP_4, coverage(sorted, sum, 4));
        put(BalanceMetric.COVERAGE_TOP_8, coverage(sorted, sum, 8));
        put(BalanceMetric.COVERAGE_TOP_16, coverage(sorted, sum, 16));
        put(BalanceMetric.COVERAGE_TOP_32, coverage(sorted, sum, 32));
    }

    private static double coverage(long[] sorted, double sum, int top) {
        double covered = 0;
        for (int i = Math.max(0, sorted.length - top); i < sorted.length; i++) {
            covered += sorted[i];
        }
        return covered / sum;
    }

    private void addRanks(long[] loads) {
        double max = Arrays.stream(loads).max().orElseThrow();
        double mean = sum(loads) / loads.length;
        put(BalanceMetric.RANK_IMBALANCE_MAX_MEAN, max / mean);
        put(BalanceMetric.BALANCEDNESS_SGLANG_OF_TOTALS, RankBalance.sglang(loads));
        put(BalanceMetric.BALANCEDNESS_VLLM_OF_TOTALS, mean / max);
        put(BalanceMetric.IMBALANCE_TRTLLM_OF_TOTALS, max / mean - 1);
    }

    private void put(BalanceMetric metric, double value) {
        defined.put(metric, value);
    }

    /** One metric, or null where it is undefined. */
    public @Nullable Double get(BalanceMetric metric) {
        return defined.get(metric);
    }

    /** Every metric in order, null where it is undefined. */
    public @Nullable Double[] values() {
        @Nullable Double[] out = new Double[ALL.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = defined.get(ALL.get(i));
        }
        return out;
    }

    /** The names of {@link #values()}, in the same order. */
    public static List<String> names() {
        return ALL.stream().map(BalanceMetric::fieldName).toList();
    }

    /** Name to definition, in the order of {@link #names()}. */
    public static Map<String, String> definitions() {
        Map<String, String> out = new LinkedHashMap<>();
        ALL.forEach(m -> out.put(m.fieldName(), m.definition()));
        return out;
    }
}

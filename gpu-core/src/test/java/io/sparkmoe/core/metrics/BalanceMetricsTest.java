package io.sparkmoe.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BalanceMetricsTest {
    private static double get(BalanceMetrics m, BalanceMetric metric) {
        return Objects.requireNonNull(m.get(metric), metric.fieldName());
    }

    @Test
    void namesAreThoseOfTheTables() {
        assertThat(BalanceMetrics.names())
                .containsExactly(
                        "imbalance_max_mean",
                        "cv",
                        "gini",
                        "entropy",
                        "entropy_normalized",
                        "effective_experts",
                        "max_vio",
                        "coverage_top_1",
                        "coverage_top_4",
                        "coverage_top_8",
                        "coverage_top_16",
                        "coverage_top_32",
                        "rank_imbalance_max_mean",
                        "balancedness_sglang_of_totals",
                        "balancedness_vllm_of_totals",
                        "imbalance_trtllm_of_totals");
        assertThat(BalanceMetrics.definitions().keySet()).containsExactlyElementsOf(BalanceMetrics.names());
        assertThat(BalanceMetrics.definitions().values())
                .allSatisfy(d -> assertThat(d).endsWith("."));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithTheFormulas(long seed) {
        Random random = new Random(seed);
        int experts = 8 * (1 + random.nextInt(40));
        long[] c = new long[experts];
        for (int e = 0; e < experts; e++) {
            c[e] = random.nextInt(3) == 0 ? 0 : (long) Math.pow(10, 6 * random.nextDouble());
        }
        BalanceMetrics m = BalanceMetrics.of(c, 8);
        double sum = Arrays.stream(c).sum();
        double mean = sum / experts;
        double max = Arrays.stream(c).max().orElseThrow();
        near(m, BalanceMetric.IMBALANCE_MAX_MEAN, max / mean);
        near(m, BalanceMetric.CV, Math.sqrt(variance(c, mean)) / mean);
        near(m, BalanceMetric.GINI, pairwise(c) / (2.0 * experts * experts * mean));
        double entropy = Arrays.stream(c)
                .filter(x -> x > 0)
                .mapToDouble(x -> -(x / sum) * Math.log(x / sum))
                .sum();
        near(m, BalanceMetric.ENTROPY, entropy);
        near(m, BalanceMetric.ENTROPY_NORMALIZED, entropy / Math.log(experts));
        near(m, BalanceMetric.EFFECTIVE_EXPERTS, Math.exp(entropy));
        near(m, BalanceMetric.MAX_VIO, max / mean - 1);
        near(m, BalanceMetric.COVERAGE_TOP_1, max / sum);
        near(m, BalanceMetric.COVERAGE_TOP_4, hottest(c, 4) / sum);
        near(m, BalanceMetric.COVERAGE_TOP_8, hottest(c, 8) / sum);
        near(m, BalanceMetric.COVERAGE_TOP_16, hottest(c, 16) / sum);
        near(m, BalanceMetric.COVERAGE_TOP_32, hottest(c, 32) / sum);
        double rankMax = 0;
        for (int r = 0; r < 8; r++) {
            double load = Arrays.stream(c, r * experts / 8, (r + 1) * experts / 8)
                    .asDoubleStream()
                    .sum();
            rankMax = Math.max(rankMax, load);
        }
        double rankMean = sum / 8;
        near(m, BalanceMetric.RANK_IMBALANCE_MAX_MEAN, rankMax / rankMean);
        near(m, BalanceMetric.BALANCEDNESS_SGLANG_OF_TOTALS, (rankMean + 1e-5) / (rankMax + 1e-5));
        near(m, BalanceMetric.BALANCEDNESS_VLLM_OF_TOTALS, rankMean / rankMax);
        near(m, BalanceMetric.IMBALANCE_TRTLLM_OF_TOTALS, rankMax / rankMean - 1);
    }

    private static void near(BalanceMetrics m, BalanceMetric metric, double expected) {
        assertThat(get(m, metric)).as(metric.fieldName()).isCloseTo(expected, within(1e-9 * Math.max(1, expected)));
    }

    private static double variance(long[] c, double mean) {
        return Arrays.stream(c)
                .mapToDouble(x -> (x - mean) * (x - mean))
                .average()
                .orElseThrow();
    }

    private static double pairwise(long[] c) {
        double sum = 0;
        for (long a : c) {
            for (long b : c) {
                sum += Math.abs((double) a - b);
            }
        }
        return sum;
    }

    private static double hottest(long[] c, int n) {
        return Arrays.stream(c).map(x -> -x).sorted().limit(n).map(x -> -x).sum();
    }

    @Test
    void evenCountsArePerfectlyBalanced() {
        BalanceMetrics m = BalanceMetrics.of(new long[] {5, 5, 5, 5}, 2);
        @Nullable Double[] values = m.values();
        assertThat(List.of(values))
                .containsExactly(
                        1.0,
                        0.0,
                        0.0,
                        Math.log(4),
                        1.0,
                        Math.exp(Math.log(4)),
                        0.0,
                        0.25,
                        1.0,
                        1.0,
                        1.0,
                        1.0,
                        1.0,
                        1.0,
                        1.0,
                        0.0);
    }

    @Test
    void oneExpertAloneHasNoNormalizedEntropy() {
        BalanceMetrics m = BalanceMetrics.of(new long[] {7}, null);
        assertThat(get(m, BalanceMetric.ENTROPY)).isEqualTo(0.0);
        assertThat(1 / get(m, BalanceMetric.ENTROPY)).as("not -0.0").isPositive();
        assertThat(m.get(BalanceMetric.ENTROPY_NORMALIZED)).isNull();
        assertThat(get(m, BalanceMetric.EFFECTIVE_EXPERTS)).isEqualTo(1.0);
    }

    @Test
    void rankMetricsAreNullWithoutRanks() {
        @Nullable
        Double[] values = BalanceMetrics.of(new long[] {1, 2, 3}, null).values();
        assertThat(values).hasSize(16);
        assertThat(Arrays.asList(values).subList(12, 16)).containsOnlyNulls();
        assertThat(Arrays.asList(values).subList(0, 12)).doesNotContainNull();
    }

    @Test
    void whereNothingWasRoutedOnlySglangsFormulaIsDefined() {
        BalanceMetrics m = BalanceMetrics.of(new long[4], 2);
        for (BalanceMetric metric : BalanceMetric.values()) {
            if (metric == BalanceMetric.BALANCEDNESS_SGLANG_OF_TOTALS) {
                assertThat(m.get(metric)).isEqualTo(1.0);
            } else {
                assertThat(m.get(metric)).as(metric.fieldName()).isNull();
            }
        }
    }

    @Test
    void countsNearTheEndOfInt64StayFinite() {
        BalanceMetrics m = BalanceMetrics.of(new long[] {Long.MAX_VALUE, Long.MAX_VALUE, 0, 0}, null);
        assertThat(get(m, BalanceMetric.IMBALANCE_MAX_MEAN)).isEqualTo(2.0);
        assertThat(get(m, BalanceMetric.GINI)).isEqualTo(0.5);
    }

    @Test
    void refusesWhatHasNoBalance() {
        assertThatThrownBy(() -> BalanceMetrics.of(new long[0], null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("counts is empty");
        assertThatThrownBy(() -> BalanceMetrics.of(new long[] {1, -3}, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got -3");
        assertThatThrownBy(() -> BalanceMetrics.of(new long[10], 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("10 experts")
                .hasMessageContaining("4 ranks");
        assertThatThrownBy(() -> BalanceMetrics.of(new long[10], 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("ranks must be at least 1, got 0");
    }
}

package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.metrics.BalanceMetrics;
import io.sparkmoe.core.metrics.RankBalance;
import java.util.Collection;
import java.util.DoubleSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Figures over all layers, with their definitions. */
final class OverallMetrics {
    private static final List<String> SUMMARISED = List.of("imbalance_max_mean", "cv", "gini", "entropy_normalized");

    private OverallMetrics() {}

    /**
     * The figures by name; null where undefined.
     *
     * @param layers metrics of each layer by name
     * @param counts [layers][num_experts]
     * @param ranks number of ranks, or null
     */
    static Map<String, @Nullable Double> of(
            Collection<Map<String, @Nullable Double>> layers, Collection<long[]> counts, @Nullable Integer ranks) {
        Map<String, @Nullable Double> out = new LinkedHashMap<>();
        for (String metric : SUMMARISED) {
            DoubleSummaryStatistics s = layers.stream()
                    .map(m -> m.get(metric))
                    .filter(Objects::nonNull)
                    .mapToDouble(Double::doubleValue)
                    .summaryStatistics();
            out.put("mean_" + metric, s.getCount() == 0 ? null : (Double) s.getAverage());
            out.put("max_" + metric, s.getCount() == 0 ? null : (Double) s.getMax());
        }
        if (ranks != null) {
            long[][] loads =
                    counts.stream().map(c -> RankBalance.loads(c, ranks)).toArray(long[][]::new);
            out.put("balancedness_sglang_of_totals", RankBalance.sglangOverLayers(loads));
            out.put("balancedness_vllm_documented_of_totals", RankBalance.vllmDocumented(loads));
            out.put("balancedness_vllm_as_shipped_of_totals", RankBalance.vllmAsShipped(loads));
        }
        return out;
    }

    /** Every metric's definition: of the layers', then of these. */
    static Map<String, String> definitions() {
        Map<String, String> out = new LinkedHashMap<>(BalanceMetrics.definitions());
        for (String metric : SUMMARISED) {
            out.put("mean_" + metric, "Mean over layers of " + metric + ".");
            out.put("max_" + metric, "Largest " + metric + " of a layer.");
        }
        out.put(
                "balancedness_vllm_documented_of_totals",
                "vLLM's balancedness as documented, sum_l mean_r g / sum_l max_r g, of totals.");
        out.put(
                "balancedness_vllm_as_shipped_of_totals",
                "vLLM's balancedness as shipped to 2026-07, which reduces over layers: sum_r mean_l g / sum_r max_l g, of "
                        + "totals.");
        return out;
    }
}

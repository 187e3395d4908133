package io.sparkmoe.spark.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How a metric's column is headed and written. A name that is not listed here is shown under its own name with
 * four decimals, so a new metric needs no change in the report.
 *
 * @param label the column's heading
 * @param percent written as a percentage
 * @param digits decimals
 */
record MetricStyle(String label, boolean percent, int digits) {
    private static final String COVERAGE = "coverage_top_";
    private static final Map<String, MetricStyle> KNOWN = known();

    private static Map<String, MetricStyle> known() {
        Map<String, MetricStyle> styles = new LinkedHashMap<>();
        styles.put("imbalance_max_mean", new MetricStyle("Max / mean", false, 2));
        styles.put("max_vio", new MetricStyle("MaxVio", false, 2));
        styles.put("cv", new MetricStyle("CV", false, 3));
        styles.put("gini", new MetricStyle("Gini", false, 3));
        styles.put("entropy", new MetricStyle("Entropy, nats", false, 3));
        styles.put("entropy_normalized", new MetricStyle("Entropy / ln E", false, 4));
        styles.put("effective_experts", new MetricStyle("Effective experts", false, 1));
        for (int n : new int[] {1, 4, 8, 16, 32}) {
            styles.put(COVERAGE + n, new MetricStyle("Top " + n, true, 2));
        }
        styles.put("rank_imbalance_max_mean", new MetricStyle("Ranks max / mean", false, 2));
        styles.put("balancedness_sglang_of_totals", new MetricStyle("Balancedness SGLang", false, 3));
        styles.put("balancedness_vllm_of_totals", new MetricStyle("Balancedness vLLM", false, 3));
        styles.put("imbalance_trtllm_of_totals", new MetricStyle("Imbalance TensorRT-LLM", false, 3));
        return styles;
    }

    static MetricStyle of(String metric) {
        MetricStyle style = KNOWN.get(metric);
        if (style != null) {
            return style;
        }
        return metric.startsWith(COVERAGE)
                ? new MetricStyle("Top " + metric.substring(COVERAGE.length()), true, 2)
                : new MetricStyle(metric, false, 4);
    }

    /** The metrics that any of the maps defines, known ones first in the order above, others by name. */
    static List<String> ordered(List<Map<String, @Nullable Double>> maps) {
        TreeSet<String> present = new TreeSet<>();
        for (Map<String, @Nullable Double> map : maps) {
            map.forEach((name, value) -> {
                if (value != null) {
                    present.add(name);
                }
            });
        }
        List<String> ordered = new ArrayList<>(KNOWN.keySet());
        ordered.retainAll(present);
        present.removeAll(KNOWN.keySet());
        ordered.addAll(present);
        return ordered;
    }

    String format(@Nullable Double value) {
        if (value == null || !Double.isFinite(value)) {
            return Text.UNDEFINED;
        }
        return percent ? Text.percent(value, digits) : Text.decimal(value, digits);
    }
}

package io.sparkmoe.spark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.sparkmoe.core.metrics.RoutingAgreement;
import io.sparkmoe.spark.report.AnalysisModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Drift between windows of steps: cosine of expert load, each window with the one before that holds something. */
final class WindowDrift {
    /** Windows times layers times experts whose counts the driver takes: 800 MB. */
    private static final long MOST_COUNTS = 100_000_000;

    private WindowDrift() {}

    /** Measures a recording. Rows without a step belong to no window; a note counts them. */
    static Analysis analyse(CompareVerb verb, UsableTrace trace, int steps, Progress progress) {
        Analysis found = new Analysis(List.of(trace), new Analysis.Names(verb.input.input(), verb.modelName()));
        ComparisonReport report = new ComparisonReport("drift", found);
        Dataset<Row> rows = trace.rows().where(col("step").isNotNull());
        Map<Long, Map<Integer, long[]>> windows =
                progress.step("Counting expert load of windows", () -> windows(trace, rows, steps));
        if (windows.size() < 2) {
            throw new UserError("windows of " + steps + " steps: the recording has " + windows.size()
                    + " of them, two are needed. Take a smaller --window-steps, or compare checkpoints (--compare), if the "
                    + "recorder names no step.");
        }
        List<Long> order = List.copyOf(windows.keySet());
        for (int i = 1; i < order.size(); i++) {
            report.add(compare(order.get(i - 1), order.get(i), windows, steps, trace.topk()));
        }
        report.note("Windows hold different tokens, so that only expert load is compared.");
        long without = trace.audit().replayedPasses()
                ? trace.rows().where(col("step").isNull()).count()
                : 0;
        if (without > 0) {
            report.note(Words.count(without) + " rows name no step and belong to no window.");
        }
        report.end();
        List<AnalysisModel.Window> loads = new ArrayList<>();
        windows.forEach((window, layers) -> layers.forEach((layer, counts) ->
                loads.add(new AnalysisModel.Window("step", window * steps, (window + 1) * steps - 1, layer, counts))));
        return found.windows(loads);
    }

    private static Map<Long, Map<Integer, long[]>> windows(UsableTrace trace, Dataset<Row> rows, int steps) {
        Dataset<Row> keyed = rows.withColumn("window", expr("step div " + steps));
        long counts = keyed.select("window").distinct().count()
                * trace.audit().layers().size()
                * trace.numExperts();
        if (counts > MOST_COUNTS) {
            throw new UserError("windows of " + steps + " steps are too many to compare: " + Words.count(counts)
                    + " counts (windows * layers * experts), at most " + Words.count(MOST_COUNTS)
                    + ". Take a larger --window-steps.");
        }
        String load = "moe_expert_load(topk_ids, num_experts => " + trace.numExperts() + ") as counts";
        Map<Long, Map<Integer, long[]>> out = new TreeMap<>();
        for (Row row : keyed.groupBy("window", "layer").agg(expr(load)).collectAsList()) {
            List<Long> list = row.getList(2);
            out.computeIfAbsent(row.getLong(0), w -> new TreeMap<>())
                    .put(row.getInt(1), list.stream().mapToLong(Long::longValue).toArray());
        }
        return out;
    }

    private static AnalysisModel.Comparison compare(
            long before, long after, Map<Long, Map<Integer, long[]>> windows, int steps, int topk) {
        List<AnalysisModel.Agreement> layers = new ArrayList<>();
        Map<Integer, long[]> left = windows.get(before);
        windows.get(after).forEach((layer, counts) -> {
            Double cosine = RoutingAgreement.cosine(left.getOrDefault(layer, new long[counts.length]), counts);
            layers.add(new AnalysisModel.Agreement(layer, topk, 0, 0, 0, 0, null, 0, cosine));
        });
        return new AnalysisModel.Comparison(
                "drift", name(before, steps), name(after, steps), 0, 0, 0, layers, List.of());
    }

    private static String name(long window, int steps) {
        return "steps " + window * steps + "-" + ((window + 1) * steps - 1);
    }
}

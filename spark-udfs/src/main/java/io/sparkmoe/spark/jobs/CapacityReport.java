package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.passes.PassKey;
import io.sparkmoe.spark.jobs.passes.PassTotals;
import io.sparkmoe.spark.report.AnalysisModel.Capacity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** Drops by capacity factor as the page, the table and the terminal show them. */
final class CapacityReport {
    private static final StructType TABLE = new StructType()
            .add("layer", DataTypes.IntegerType, false)
            .add("phase", DataTypes.StringType, false)
            .add("tokens_per_pass", DataTypes.IntegerType, false)
            .add("factor", DataTypes.DoubleType, false)
            .add("passes", DataTypes.LongType, false)
            .add("ids", DataTypes.LongType, false)
            .add("slots", DataTypes.LongType, false)
            .add("dropped", DataTypes.LongType, false);

    private static final Comparator<Capacity> ORDER = Comparator.comparing(
                    Capacity::layer, Comparator.nullsFirst(Comparator.<Integer>naturalOrder()))
            .thenComparing(Capacity::phase)
            .thenComparingInt(Capacity::tokensPerPass)
            .thenComparingDouble(Capacity::factor);

    private CapacityReport() {}

    static void add(Analysis found, Map<PassKey, PassTotals> totals, List<Double> factors) {
        UsableTrace trace = found.traces().get(0);
        List<Capacity> lines = lines(totals, factors, trace.numExperts());
        List<Row> rows = lines.stream()
                .filter(c -> c.layer() != null)
                .map(c -> RowFactory.create(
                        c.layer(),
                        c.phase(),
                        c.tokensPerPass(),
                        c.factor(),
                        c.passes(),
                        c.ids(),
                        c.slots(),
                        c.dropped()))
                .toList();
        found.capacity(lines).table("capacity", new ReportTables(trace.trace().spark()).table(rows, TABLE));
        for (String phase : List.of("prefill", "decode", "recorded")) {
            line(found, lines, phase);
        }
    }

    private static List<Capacity> lines(Map<PassKey, PassTotals> totals, List<Double> factors, int experts) {
        Map<PassKey, PassTotals> overall = new LinkedHashMap<>();
        List<Capacity> out = new ArrayList<>();
        totals.forEach((key, t) -> {
            overall.merge(new PassKey(-1, key.phase(), key.tokensPerPass()), t, PassTotals::plus);
            add(out, key.layer(), key, t, factors, experts);
        });
        overall.forEach((key, t) -> add(out, null, key, t, factors, experts));
        out.sort(ORDER);
        return out;
    }

    private static void add(
            List<Capacity> out, @Nullable Integer layer, PassKey key, PassTotals t, List<Double> factors, int experts) {
        for (int f = 0; f < factors.size(); f++) {
            out.add(new Capacity(
                    layer,
                    key.phase(),
                    key.tokensPerPass(),
                    factors.get(f),
                    t.passes(),
                    t.used(),
                    t.capacity()[f] * experts,
                    t.dropped()[f]));
        }
    }

    /** Of the largest passes of a phase: what each factor drops. */
    private static void line(Analysis found, List<Capacity> lines, String phase) {
        List<Capacity> summed = lines.stream()
                .filter(c -> c.layer() == null && c.phase().equals(phase) && c.ids() > 0)
                .toList();
        int largest = summed.stream().mapToInt(Capacity::tokensPerPass).max().orElse(-1);
        StringBuilder text = new StringBuilder();
        for (Capacity c : summed) {
            if (c.tokensPerPass() == largest) {
                text.append(text.isEmpty() ? "" : ", ")
                        .append(String.format(Locale.ROOT, "factor %s drops ", c.factor()))
                        .append(Words.percent((double) c.dropped() / c.ids()));
            }
        }
        if (!text.isEmpty()) {
            found.line(
                    "Capacity",
                    phase + " passes" + (largest == 0 ? "" : " of " + largest + " tokens (replayed)") + ": " + text);
        }
    }
}

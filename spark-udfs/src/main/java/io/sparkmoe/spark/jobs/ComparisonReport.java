package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.analysis.AgreementTotals;
import io.sparkmoe.core.metrics.RoutingAgreement;
import io.sparkmoe.spark.jobs.compare.Comparison;
import io.sparkmoe.spark.report.AnalysisModel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** Comparisons as the page, the tables and the terminal show them. */
final class ComparisonReport {
    private static final StructType LAYERS = new StructType()
            .add("left", DataTypes.StringType, false)
            .add("right", DataTypes.StringType, false)
            .add("layer", DataTypes.IntegerType, false)
            .add("topk", DataTypes.IntegerType, false)
            .add("tokens", DataTypes.LongType, false)
            .add("equal_sets", DataTypes.LongType, false)
            .add("overlap_sum", DataTypes.LongType, false)
            .add("union_sum", DataTypes.LongType, false)
            .add("first_equal", DataTypes.LongType)
            .add("masked", DataTypes.LongType, false)
            .add("saturation", DataTypes.DoubleType)
            .add("jaccard", DataTypes.DoubleType)
            .add("mismatch", DataTypes.DoubleType)
            .add("load_cosine", DataTypes.DoubleType);

    private static final StructType TOKENS = new StructType()
            .add("left", DataTypes.StringType, false)
            .add("right", DataTypes.StringType, false)
            .add("tokens", DataTypes.LongType, false)
            .add("tokens_differing", DataTypes.LongType, false)
            .add("differing_layers", DataTypes.LongType, false)
            .add("token_mismatch", DataTypes.DoubleType)
            .add("mean_differing_layers", DataTypes.DoubleType);

    private static final StructType LEFT_OUT = new StructType()
            .add("left", DataTypes.StringType, false)
            .add("right", DataTypes.StringType, false)
            .add("reason", DataTypes.StringType, false)
            .add("sequences", DataTypes.LongType, false)
            .add("tokens", DataTypes.LongType, false);

    private final String kind;
    private final Analysis found;
    private final List<AnalysisModel.Comparison> comparisons = new ArrayList<>();
    private final Set<String> notes = new LinkedHashSet<>();

    /** @param kind drift or mismatch, which is the table's name too */
    ComparisonReport(String kind, Analysis found) {
        this.kind = kind;
        this.found = found;
    }

    /** Adds one comparison. */
    void add(String left, String right, Comparison c) {
        int topk = found.traces().get(0).topk();
        List<AnalysisModel.Agreement> layers = new ArrayList<>();
        c.layers().forEach((layer, l) -> layers.add(agreement(layer, topk, l, c.ordered())));
        List<AnalysisModel.LeftOut> leftOut = c.leftOut().stream()
                .map(l -> new AnalysisModel.LeftOut(l.reason(), l.sequences(), l.tokens()))
                .toList();
        add(new AnalysisModel.Comparison(
                kind, left, right, c.tokens(), c.tokensDiffering(), c.differingLayers(), layers, leftOut));
        if (!c.ordered()) {
            note(
                    "The recording does not say that slots are ordered by score (slot_order), so that nothing is said of the "
                            + "first slot.");
        }
    }

    /** Adds a comparison as the page shows it. */
    void add(AnalysisModel.Comparison comparison) {
        comparisons.add(comparison);
    }

    /** Adds a remark, once. */
    void note(String text) {
        notes.add(text);
    }

    private static AnalysisModel.Agreement agreement(int layer, int topk, Comparison.Layer l, boolean ordered) {
        AgreementTotals t = l.totals();
        return new AnalysisModel.Agreement(
                layer,
                topk,
                t.tokens(),
                t.equalSets(),
                t.overlapSum(),
                t.unionSum(),
                ordered ? (Long) t.firstEqual() : null,
                t.masked(),
                RoutingAgreement.cosine(l.leftLoad(), l.rightLoad()));
    }

    /** Puts everything into what was found. */
    void end() {
        found.comparisons(comparisons);
        notes.forEach(text -> found.note("comparison", text));
        ReportTables tables = new ReportTables(found.traces().get(0).trace().spark());
        found.table(kind, tables.table(layerRows(), LAYERS))
                .table(kind + "_tokens", tables.table(tokenRows(), TOKENS))
                .table("left_out", tables.table(leftOutRows(), LEFT_OUT));
        comparisons.forEach(this::lines);
    }

    private List<Row> layerRows() {
        List<Row> rows = new ArrayList<>();
        for (AnalysisModel.Comparison c : comparisons) {
            for (AnalysisModel.Agreement a : c.layers()) {
                rows.add(RowFactory.create(
                        c.left(),
                        c.right(),
                        a.layer(),
                        a.topk(),
                        a.tokens(),
                        a.equalSets(),
                        a.overlapSum(),
                        a.unionSum(),
                        a.firstEqual(),
                        a.masked(),
                        RoutingAgreement.saturation(a.overlapSum(), a.tokens(), a.topk()),
                        RoutingAgreement.jaccard(a.overlapSum(), a.unionSum()),
                        RoutingAgreement.mismatch(a.equalSets(), a.tokens()),
                        a.loadCosine()));
            }
        }
        return rows;
    }

    private List<Row> tokenRows() {
        return comparisons.stream()
                .map(c -> RowFactory.create(
                        c.left(),
                        c.right(),
                        c.tokens(),
                        c.tokensDiffering(),
                        c.differingLayers(),
                        ratio(c.tokensDiffering(), c.tokens()),
                        ratio(c.differingLayers(), c.tokens())))
                .toList();
    }

    private List<Row> leftOutRows() {
        return comparisons.stream()
                .flatMap(c -> c.leftOut().stream()
                        .map(l -> RowFactory.create(c.left(), c.right(), l.reason(), l.sequences(), l.tokens())))
                .toList();
    }

    private static @Nullable Double ratio(long n, long of) {
        return of == 0 ? null : (Double) ((double) n / of);
    }

    private void lines(AnalysisModel.Comparison c) {
        long pairs = sum(c, AnalysisModel.Agreement::tokens);
        if (pairs == 0) {
            return;
        }
        long overlap = sum(c, AnalysisModel.Agreement::overlapSum);
        long equal = sum(c, AnalysisModel.Agreement::equalSets);
        int topk = c.layers().get(0).topk();
        found.line(
                "Compared",
                c.left() + " with " + c.right() + ": " + Words.count(pairs) + " (token, layer) pairs, saturation "
                        + Words.percent((double) overlap / pairs / topk) + ", other sets "
                        + Words.percent((double) (pairs - equal) / pairs));
        if (c.tokens() > 0) {
            found.line(
                    "Tokens",
                    Words.percent((double) c.tokensDiffering() / c.tokens()) + " of " + Words.count(c.tokens())
                            + " differ at one layer at least, at "
                            + String.format(Locale.ROOT, "%.2f", (double) c.differingLayers() / c.tokens())
                            + " layers on average");
        }
        c.leftOut()
                .forEach(l -> found.line(
                        "Left out",
                        l.reason() + ": " + Words.count(l.tokens()) + " tokens of " + Words.count(l.sequences())
                                + " sequences"));
    }

    private static long sum(AnalysisModel.Comparison c, ToLongFunction<AnalysisModel.Agreement> figure) {
        return c.layers().stream().mapToLong(figure).sum();
    }
}

package io.sparkmoe.spark.jobs;

import static org.apache.spark.sql.functions.col;

import io.sparkmoe.spark.jobs.specialize.Vocabulary;
import io.sparkmoe.spark.jobs.specialize.VocabularyOptions;
import io.sparkmoe.spark.jobs.specialize.VocabularyTotals;
import io.sparkmoe.spark.report.AnalysisModel;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Vocabulary specialization as the page, the tables and the terminal show it. */
final class VocabularyReport {
    private static final StructType TABLE = new StructType()
            .add("layer", DataTypes.IntegerType, false)
            .add("token_ids", DataTypes.LongType, false)
            .add("rare_token_ids", DataTypes.LongType, false)
            .add("minimum", DataTypes.IntegerType, false)
            .add("mean_top_share", DataTypes.DoubleType);

    private final UsableTrace trace;
    private final Analysis found;

    VocabularyReport(UsableTrace trace, Analysis found) {
        this.trace = trace;
        this.found = found;
    }

    void add(VocabularyOptions options, boolean includeText, Progress progress) {
        if (trace.rows().where(col("token_ids").isNotNull()).isEmpty()) {
            SortedMap<Integer, VocabularyTotals> empty = new TreeMap<>();
            trace.audit().layers().forEach(layer -> empty.put(layer, new VocabularyTotals()));
            show(empty, options);
            found.note("vocabulary", "NULL: the recording carries no token ids (token_ids).");
            return;
        }
        Vocabulary vocabulary = Vocabulary.of(trace.rows(), options);
        SortedMap<Integer, VocabularyTotals> totals =
                progress.step("Counting first experts of token ids", vocabulary::totals);
        show(totals, options);
        remarks(totals);
        if (includeText) {
            found.table("vocabulary_tokens", vocabulary.tokens());
        }
    }

    private void show(SortedMap<Integer, VocabularyTotals> totals, VocabularyOptions options) {
        List<AnalysisModel.Vocabulary> layers = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        totals.forEach((layer, t) -> {
            layers.add(new AnalysisModel.Vocabulary(
                    layer, t.tokenIds(), t.rareTokenIds(), options.minimum(), t.mean(), t.histogram()));
            rows.add(RowFactory.create(layer, t.tokenIds(), t.rareTokenIds(), options.minimum(), t.mean()));
        });
        found.vocabulary(layers)
                .table("vocabulary", new ReportTables(trace.trace().spark()).table(rows, TABLE));
        double mean = totals.values().stream()
                .filter(t -> t.mean() != null)
                .mapToDouble(VocabularyTotals::mean)
                .average()
                .orElse(Double.NaN);
        found.line(
                "Vocabulary",
                Double.isNaN(mean)
                        ? "nothing to say, see the report's remarks"
                        : Words.percent(mean) + " of a token id's occurrences choose its most frequent expert first "
                                + "(mean over layers)");
    }

    private void remarks(SortedMap<Integer, VocabularyTotals> totals) {
        remark(
                totals,
                VocabularyTotals::unordered,
                "neither slot order (slot_order = score_desc) nor weights tell their first expert");
        remark(totals, VocabularyTotals::masked, "their first expert is masked");
        remark(totals, VocabularyTotals::withoutTokenId, "their token id is not recorded");
        if (sum(totals, VocabularyTotals::counted) == 0) {
            found.note("vocabulary", "NULL: no token could be counted.");
        }
    }

    private void remark(
            SortedMap<Integer, VocabularyTotals> totals, ToLongFunction<VocabularyTotals> figure, String why) {
        long pairs = sum(totals, figure);
        if (pairs > 0) {
            found.note("vocabulary", Words.count(pairs) + " (token, layer) pairs are left out: " + why + ".");
        }
    }

    private static long sum(SortedMap<Integer, VocabularyTotals> totals, ToLongFunction<VocabularyTotals> figure) {
        return totals.values().stream().mapToLong(figure).sum();
    }
}

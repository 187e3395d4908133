package io.sparkmoe.spark.jobs.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.jobs.LocalSpark;
import io.sparkmoe.spark.jobs.TraceRows;
import io.sparkmoe.spark.jobs.TraceRows.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TraceAuditTest {
    private static final int LAYERS = TraceRows.LAYERS.size();
    private static final int TOPK = TraceRows.TOPK;

    private final SparkSession spark = LocalSpark.get();

    /** One sequence whose token t names experts t, t + 1, t + 2 (mod 24) in every layer. */
    private static Sequence walking(String request, int prompt, int decode) {
        int[][][] ids = new int[LAYERS][prompt + decode][TOPK];
        for (int[][] layer : ids) {
            for (int t = 0; t < layer.length; t++) {
                layer[t] = new int[] {t % 24, (t + 1) % 24, (t + 2) % 24};
            }
        }
        return new Sequence("s", request, 0, 0, prompt, ids);
    }

    private static void freeze(Sequence s, int from, int to) {
        for (int[][] layer : s.ids()) {
            for (int t = from + 1; t < to; t++) {
                layer[t] = layer[from].clone();
            }
        }
    }

    private AuditResult audit(List<Row> rows, int partitions) {
        return TraceAudit.run(TraceRows.table(spark, rows, partitions, -1, false), null);
    }

    private static Row with(Row row, String column, Object value) {
        Object[] values = new Object[row.size()];
        List<String> names = List.of(TraceRows.schema(org.apache.spark.sql.types.DataTypes.BinaryType)
                .fieldNames());
        for (int i = 0; i < values.length; i++) {
            values[i] = i == names.indexOf(column) ? value : row.get(i);
        }
        return RowFactory.create(values);
    }

    private static Map<String, Tally> findings(AuditResult result) {
        return result.findings().stream().collect(Collectors.toMap(AuditResult.Line::reason, AuditResult.Line::tally));
    }

    @Test
    void aCleanTraceHasTotalsAndNoFindings() {
        AuditResult result = audit(TraceRows.rows(List.of(walking("a", 20, 7), walking("b", 3, 0)), 8, false), 1);
        assertThat(result.findings()).isEmpty();
        assertThat(result.total(Reasons.READ)).isEqualTo(new Tally(6L * LAYERS, 30L * LAYERS, 30L * LAYERS * TOPK));
        assertThat(result.total(Reasons.USED)).isEqualTo(result.total(Reasons.READ));
        assertThat(result.sequences()).isEqualTo(2);
        assertThat(result.prefillTokens()).isEqualTo(23);
        assertThat(result.decodeTokens()).isEqualTo(7);
        assertThat(result.layers()).containsExactly(1, 2, 5);
        assertThat(result.shapes()).containsExactly(Map.entry(24, 3));
    }

    @ParameterizedTest(name = "{0} tokens a row, {1} partitions")
    @CsvSource({"1024, 1", "4, 1", "3, 2", "1, 5", "5, 20", "2, 9"})
    void staleStretchesAreFoundWhereverRowsAndPartitionsAreCut(int maxTokens, int tableParts) {
        List<Sequence> sequences = List.of(walking("a", 40, 0), walking("b", 30, 12), walking("c", 9, 0));
        freeze(sequences.get(0), 5, 13); // 8 tokens: stale
        freeze(sequences.get(0), 20, 27); // 7 tokens: not
        freeze(sequences.get(1), 25, 42); // 17 tokens across the phase change
        freeze(sequences.get(2), 0, 9); // a whole sequence
        List<Row> rows = TraceRows.rows(sequences, maxTokens, false);
        // Partitions are cut between token blocks, as the readers and the writer keep them.
        AuditResult result = TraceAudit.run(blockwise(rows, tableParts), null);
        long tokens = 8 + 17 + 9;
        assertThat(findings(result))
                .containsExactly(Map.entry(Reasons.STALE_PADDING, new Tally(3, tokens, tokens * LAYERS * TOPK)));
        assertThat(result.sequences()).isEqualTo(3);
    }

    private Dataset<Row> blockwise(List<Row> rows, int partitions) {
        List<List<Row>> blocks = new ArrayList<>();
        for (int i = 0; i < rows.size(); i += LAYERS) {
            blocks.add(new ArrayList<>(rows.subList(i, i + LAYERS)));
        }
        return spark.createDataFrame(
                new org.apache.spark.api.java.JavaSparkContext(spark.sparkContext())
                        .parallelize(blocks, partitions)
                        .flatMap(List::iterator),
                TraceRows.schema(org.apache.spark.sql.types.DataTypes.createArrayType(
                        org.apache.spark.sql.types.DataTypes.IntegerType, false)));
    }

    @Test
    void identicalInOneLayerOnlyIsNotStale() {
        Sequence s = walking("a", 40, 0);
        for (int t = 1; t < 40; t++) {
            s.ids()[0][t] = s.ids()[0][0].clone();
        }
        assertThat(audit(TraceRows.rows(List.of(s), 8, false), 1).findings()).isEmpty();
    }

    @Test
    void maskedTokensAreMaskedAndNotStale() {
        Sequence s = walking("a", 20, 0);
        for (int[][] layer : s.ids()) {
            for (int t = 4; t < 16; t++) {
                Arrays.fill(layer[t], -1);
            }
        }
        AuditResult result = audit(TraceRows.rows(List.of(s), 1024, false), 1);
        assertThat(findings(result))
                .containsExactly(Map.entry(Reasons.MASKED, new Tally(LAYERS, 12L * LAYERS, 12L * LAYERS * TOPK)));
    }

    @Test
    void duplicatesOutOfRangeAndZerosAreCounted() {
        Sequence s = walking("a", 10, 0);
        s.ids()[1][3] = new int[] {7, 7, 7};
        s.ids()[0][4][1] = 24;
        s.ids()[0][6][2] = -5;
        for (int[] token : s.ids()[2]) {
            Arrays.fill(token, 0);
        }
        AuditResult result = audit(TraceRows.rows(List.of(s), 1024, false), 1);
        assertThat(findings(result))
                .containsEntry(Reasons.DUPLICATE_IDS, new Tally(2, 1 + 10, 2 + 20))
                .containsEntry(Reasons.OUT_OF_RANGE, new Tally(1, 2, 2))
                .containsEntry(Reasons.ALL_ZERO_LAYER, new Tally(1, 10, 30));
        Example example = result.example(Reasons.OUT_OF_RANGE);
        assertThat(example.where()).contains("s: request a", "layer 1", "index 13");
        assertThat(example.value()).isEqualTo(24);
    }

    @Test
    void missingAndUnequalLayersAreCounted() {
        List<Row> rows = TraceRows.rows(List.of(walking("a", 8, 0), walking("b", 8, 0)), 4, false);
        rows.remove(1); // the first block of a lacks layer 2
        AuditResult result = audit(rows, 1);
        assertThat(findings(result)).containsExactly(Map.entry(Reasons.LAYERS_MISSING, new Tally(2, 8, 24)));
        List<Row> doubled = TraceRows.rows(List.of(walking("a", 4, 0)), 4, false);
        doubled.add(1, doubled.get(0));
        assertThat(findings(audit(doubled, 1))).containsKey(Reasons.LAYERS_UNEQUAL);
    }

    @Test
    void theListGivenSaysWhichLayersMustBeThere() {
        List<Row> rows = TraceRows.rows(List.of(walking("a", 8, 0)), 4, false);
        AuditResult result = TraceAudit.run(TraceRows.table(spark, rows, 1, -1, false), List.of(1, 2, 5, 6));
        assertThat(findings(result)).containsKey(Reasons.LAYERS_MISSING);
    }

    @Test
    void markedRecordsAndWrongLengthsAreQuarantined() {
        List<Row> rows = new ArrayList<>(TraceRows.rows(List.of(walking("a", 8, 0)), 4, false));
        Row bad = RowFactory.create("row_count", 7L);
        Row marked = with(with(rows.get(0), "topk_ids", null), "bad", bad);
        rows.add(0, marked);
        rows.set(2, with(rows.get(2), "num_tokens", 5));
        AuditResult result = audit(rows, 1);
        assertThat(findings(result))
                .containsEntry("row_count", new Tally(1, 0, 0))
                .containsEntry(Reasons.LENGTH_MISMATCH, new Tally(1, 5, 12));
        assertThat(result.total(Reasons.QUARANTINED)).isEqualTo(new Tally(2, 5, 12));
        assertThat(result.total(Reasons.READ).records()).isEqualTo(rows.size());
    }

    @Test
    void sortedPutsLayersOfABlockTogether() {
        List<Row> rows = TraceRows.rows(TraceRows.sequences(20, 5), 6, false);
        AuditResult inOrder = audit(rows, 1);
        Dataset<Row> shuffled = TraceRows.table(spark, rows, 7, 23, false);
        AuditResult sorted = TraceAudit.run(TraceAudit.sorted(shuffled), null);
        assertThat(sorted.lines()).isEqualTo(inOrder.lines());
        assertThat(sorted.sequences()).isEqualTo(inOrder.sequences());
        assertThat(sorted.prefillTokens()).isEqualTo(inOrder.prefillTokens());
    }
}

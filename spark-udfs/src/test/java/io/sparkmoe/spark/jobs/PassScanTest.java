package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.MoeConf;
import io.sparkmoe.spark.exec.ExecutorBackend;
import io.sparkmoe.spark.jobs.passes.PassKey;
import io.sparkmoe.spark.jobs.passes.PassReplay;
import io.sparkmoe.spark.jobs.passes.PassTotals;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.jobs.scan.Feeders;
import io.sparkmoe.spark.jobs.scan.ScanResult;
import io.sparkmoe.spark.jobs.scan.TraceScan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Passes and windows of one read against SQL over the exploded trace, with sequences cut between tasks. */
class PassScanTest {
    private static final int EXPERTS = TraceRows.EXPERTS;
    private static final List<Integer> SIZES = List.of(1, 6, 8, 32);
    private static final List<Integer> BLOCKS = List.of(2, 16);
    private static final List<Double> FACTORS = List.of(1.1, 2.0);
    private static final ReplayOptions OPTIONS = new ReplayOptions(EXPERTS, TraceRows.TOPK, SIZES, BLOCKS, FACTORS);

    private static SparkSession spark;
    private static List<Row> rows;
    private static Exploded exploded;

    /** Sequences from position 0; the rows of some sources name steps and ranks. */
    @BeforeAll
    static void explode() {
        spark = LocalSpark.get();
        List<TraceRows.Sequence> sequences = TraceRows.sequences(30, 11).stream()
                .map(s -> new TraceRows.Sequence(s.source(), s.request(), s.choice(), 0, s.prompt(), s.ids()))
                .toList();
        rows = new ArrayList<>(TraceRows.rows(sequences, 16, false));
        int number = 0;
        for (Row row : TraceRows.rows(TraceRows.sequences(12, 5), 16, false)) {
            Object[] values = values(row);
            values[0] = "steps";
            values[3] = 7L * (number / 18);
            values[4] = number / 9 % 2 == 0 ? null : 1;
            number++;
            rows.add(RowFactory.create(values));
        }
        exploded = Exploded.of(TraceRows.table(spark, rows, 1, -1, false));
    }

    private static Object[] values(Row row) {
        Object[] values = new Object[row.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = row.get(i);
        }
        return values;
    }

    private static ScanResult scan(int partitions, int sliceIds, long state, boolean whole) {
        MoeConf conf = Backends.conf(spark);
        return TraceScan.of(
                TraceRows.blocks(spark, rows, partitions, false),
                List.of(Feeders.load(), Feeders.windows(6), Feeders.passes(OPTIONS, whole)),
                new TraceScan.Options(false, state, 3, 2, sliceIds, () -> ExecutorBackend.get(conf)));
    }

    private static Map<PassKey, PassTotals> passes(ScanResult result) {
        Map<PassKey, PassTotals> out = new HashMap<>(result.passes(OPTIONS));
        new PassReplay(
                        spark.createDataFrame(result.decodeRows(), PassesJob.DECODE_ROWS),
                        OPTIONS,
                        Backends.source(spark))
                .decode()
                .forEach((k, t) -> out.merge(k, t, PassTotals::plus));
        return out;
    }

    private static Set<String> lines(Map<PassKey, PassTotals> totals, int size, int block, int factor) {
        Set<String> out = new TreeSet<>();
        totals.forEach((key, t) -> {
            if (key.tokensPerPass() == size || key.tokensPerPass() == 0) {
                assertThat(t.slots()[block]).isEqualTo(t.blocks()[block] * BLOCKS.get(block));
                out.add(key.layer() + " " + key.phase() + " " + t.passes() + " " + t.blocks()[block] + " " + t.used()
                        + " " + t.capacity()[factor] + " " + t.dropped()[factor]);
            }
        });
        return out;
    }

    @ParameterizedTest
    @CsvSource({"1,1048576,9000000000", "8,1048576,9000000000", "5,100,9000000000", "23,64,1"})
    void passesEqualPlainSqlHoweverSequencesAreCut(int partitions, int sliceIds, long state) {
        ScanResult result = scan(partitions, sliceIds, state, false);
        assertThat(result.passesLineUp(OPTIONS)).isTrue();
        Map<PassKey, PassTotals> totals = passes(result);
        for (int s = 0; s < SIZES.size(); s++) {
            int block = s % BLOCKS.size();
            int factor = s / 2;
            assertThat(lines(totals, SIZES.get(s), block, factor))
                    .as("passes of " + SIZES.get(s))
                    .isEqualTo(exploded.passes(SIZES.get(s), BLOCKS.get(block), FACTORS.get(factor), EXPERTS));
        }
    }

    @Test
    void aCutSequenceThatStartsElsewhereIsNoticed() {
        List<Row> before = rows;
        try {
            rows = TraceRows.rows(TraceRows.sequences(6, 3), 16, false);
            assertThat(scan(7, 64, Long.MAX_VALUE, false).passesLineUp(OPTIONS)).isFalse();
            assertThat(scan(1, 64, Long.MAX_VALUE, true).passesLineUp(OPTIONS)).isTrue();
        } finally {
            rows = before;
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1048576,9000000000", "8,100,9000000000", "3,64,1"})
    void windowsEqualPlainSqlAndAreAsNarrowAsTheirNumberAllows(int partitions, int sliceIds, long state) {
        List<ScanResult.Window> windows =
                scan(partitions, sliceIds, state, false).windows(6).collect();
        Set<String> spans = new HashSet<>();
        for (ScanResult.Window w : windows) {
            spans.add(w.unit() + w.from());
            Map<List<Integer>, Long> expected = exploded.between(w.unit(), w.from(), w.to());
            for (int e = 0; e < EXPERTS; e++) {
                assertThat(w.counts()[e])
                        .as(w.unit() + " " + w.from() + " layer " + w.layer() + " expert " + e)
                        .isEqualTo(expected.getOrDefault(List.of(w.layer(), e), 0L));
            }
        }
        long all = exploded.load().values().stream().mapToLong(Long::longValue).sum();
        assertThat(windows.stream()
                        .flatMapToLong(w -> Arrays.stream(w.counts()))
                        .sum())
                .isEqualTo(all);
        for (String unit : List.of("step", "position")) {
            assertThat(spans.stream().filter(s -> s.startsWith(unit)).count()).isBetween(4L, 6L);
        }
    }
}

package io.sparkmoe.spark.jobs.passes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.jobs.LocalSpark;
import io.sparkmoe.spark.jobs.TraceRows;
import io.sparkmoe.spark.jobs.TraceRows.Sequence;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PassReplayTest {
    private static final List<Integer> SIZES = List.of(1, 2, 3, 8, 16);
    private static final List<Integer> BLOCKS = List.of(1, 4, 16);
    private static final BackendSource CPU = PassReplayTest::cpu;

    private final SparkSession spark = LocalSpark.get();

    private static RoutingBackend cpu() {
        return RoutingBackends.open(RoutingBackends.Request.CPU, true).backend();
    }

    private static ReplayOptions options(List<Integer> sizes) {
        return new ReplayOptions(TraceRows.EXPERTS, TraceRows.TOPK, sizes, BLOCKS);
    }

    @AfterEach
    void nothingLeaks() {
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    @ParameterizedTest(name = "{0} tokens a row, {1} partitions, shuffle {2}, packed {3}")
    @CsvSource({"1024, 1, -1, false", "1, 5, 7, false", "7, 3, 11, true", "16, 2, 13, false", "5, 8, 17, true"})
    void equalsTheNaiveRestatementHoweverRowsAreCut(int maxTokens, int partitions, long seed, boolean packed) {
        List<Sequence> sequences = TraceRows.sequences(37, 42);
        Dataset<Row> rows =
                TraceRows.table(spark, TraceRows.rows(sequences, maxTokens, packed), partitions, seed, packed);
        Map<PassKey, PassTotals> replayed = new PassReplay(rows, options(SIZES), CPU).replayed();
        assertSame(replayed, Naive.replay(sequences, SIZES, BLOCKS));
    }

    @Test
    void sizeOneNeedsNoOrder() {
        List<Sequence> sequences = TraceRows.sequences(9, 3);
        Dataset<Row> rows = TraceRows.table(spark, TraceRows.rows(sequences, 4, false), 3, 5, false);
        Map<PassKey, PassTotals> replayed = new PassReplay(rows, options(List.of(1)), CPU).replayed();
        assertSame(replayed, Naive.replay(sequences, List.of(1), BLOCKS));
    }

    @Test
    void recordedPassesAreAllTokensOfAStep() {
        List<Sequence> sequences = TraceRows.sequences(12, 4);
        Dataset<Row> rows = TraceRows.table(spark, TraceRows.rows(sequences, 6, false), 4, 9, false)
                .withColumn("step", functions.expr("cast(choice as bigint)"));
        PassReplay replay = new PassReplay(rows, options(SIZES), CPU);
        assertSame(replay.recorded(), Naive.recorded(sequences, BLOCKS));
        assertThat(replay.replayed()).isEmpty();
    }

    @Test
    void noPlanExplodes() {
        Dataset<Row> rows = TraceRows.table(spark, TraceRows.rows(TraceRows.sequences(5, 1), 8, false), 2, -1, false);
        assertThat(PromptPasses.plan(rows, SIZES).queryExecution().toString()).doesNotContain("Generate");
        assertThat(RecordedPasses.plan(rows).queryExecution().toString()).doesNotContain("Generate");
        try (SequenceRanks ranks = SequenceRanks.of(rows)) {
            assertThat(DecodePasses.plan(ranks.join(rows), 16).queryExecution().toString())
                    .doesNotContain("Generate")
                    .contains("BroadcastHashJoin");
        }
    }

    @Test
    void anIdOutOfRangeNamesItsPosition() {
        Dataset<Row> rows = TraceRows.table(spark, TraceRows.rows(TraceRows.sequences(5, 1), 8, false), 2, -1, false);
        ReplayOptions few = new ReplayOptions(4, TraceRows.TOPK, SIZES, BLOCKS);
        assertThatThrownBy(() -> new PassReplay(rows, few, CPU).replayed())
                .hasStackTraceContaining("is outside [0, 4)");
    }

    @Test
    void aWrongTopkIsAnError() {
        Dataset<Row> rows = TraceRows.table(spark, TraceRows.rows(TraceRows.sequences(5, 1), 8, false), 2, -1, false);
        ReplayOptions other = new ReplayOptions(TraceRows.EXPERTS, 2, SIZES, BLOCKS);
        assertThatThrownBy(() -> new PassReplay(rows, other, CPU).replayed())
                .hasStackTraceContaining("num_tokens")
                .hasStackTraceContaining("Check topk");
    }

    private static void assertSame(Map<PassKey, PassTotals> found, Map<PassKey, PassTotals> expected) {
        assertThat(expected).isNotEmpty();
        assertThat(found.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
        expected.forEach((key, totals) -> assertThat(found.get(key))
                .as(key.toString())
                .usingRecursiveComparison()
                .isEqualTo(totals));
    }

    /** The definition, on lists in memory. */
    private static final class Naive {
        private final Map<PassKey, PassTotals> out = new HashMap<>();
        private final List<Integer> blocks;

        Naive(List<Integer> blocks) {
            this.blocks = blocks;
        }

        static Map<PassKey, PassTotals> replay(List<Sequence> sequences, List<Integer> sizes, List<Integer> blocks) {
            Naive naive = new Naive(blocks);
            for (int l = 0; l < TraceRows.LAYERS.size(); l++) {
                for (int n : sizes) {
                    naive.prefill(sequences, l, n);
                    naive.decode(sequences, l, n);
                }
            }
            return naive.out;
        }

        static Map<PassKey, PassTotals> recorded(List<Sequence> sequences, List<Integer> blocks) {
            Naive naive = new Naive(blocks);
            Map<List<Object>, List<int[]>> passes = new HashMap<>();
            for (int l = 0; l < TraceRows.LAYERS.size(); l++) {
                for (Sequence s : sequences) {
                    List<Object> key = List.of(s.source(), s.choice(), TraceRows.LAYERS.get(l));
                    passes.computeIfAbsent(key, k -> new ArrayList<>()).addAll(List.of(s.ids()[l]));
                }
            }
            passes.forEach((key, tokens) -> naive.add(new PassKey((int) key.get(2), PassReplay.RECORDED, 0), tokens));
            return naive.out;
        }

        private void prefill(List<Sequence> sequences, int l, int n) {
            for (Sequence s : sequences) {
                for (int from = 0; from < s.prompt(); from += n) {
                    List<int[]> tokens = List.of(s.ids()[l]).subList(from, Math.min(s.prompt(), from + n));
                    add(new PassKey(TraceRows.LAYERS.get(l), PassReplay.PREFILL, n), tokens);
                }
            }
        }

        private void decode(List<Sequence> sequences, int l, int n) {
            List<Sequence> order = sequences.stream()
                    .filter(s -> s.tokens() > s.prompt())
                    .sorted(Comparator.comparing(Sequence::source)
                            .thenComparing(Sequence::request, Comparator.nullsFirst(Comparator.naturalOrder()))
                            .thenComparing(Sequence::choice))
                    .toList();
            for (int from = 0; from < order.size(); from += n) {
                List<Sequence> group = order.subList(from, Math.min(order.size(), from + n));
                for (int t = 0; ; t++) {
                    int at = t;
                    List<int[]> tokens = group.stream()
                            .filter(s -> s.prompt() + at < s.tokens())
                            .map(s -> s.ids()[l][s.prompt() + at])
                            .toList();
                    if (tokens.isEmpty()) {
                        break;
                    }
                    add(new PassKey(TraceRows.LAYERS.get(l), PassReplay.DECODE, n), tokens);
                }
            }
        }

        private void add(PassKey key, List<int[]> tokens) {
            if (tokens.isEmpty()) {
                return;
            }
            Map<Integer, Integer> counts = new HashMap<>();
            tokens.forEach(token -> {
                for (int id : token) {
                    if (id >= 0) {
                        counts.merge(id, 1, Integer::sum);
                    }
                }
            });
            long[] b = new long[blocks.size()];
            long[] s = new long[blocks.size()];
            for (int i = 0; i < b.length; i++) {
                int size = blocks.get(i);
                b[i] = counts.values().stream()
                        .mapToLong(c -> (c + size - 1) / size)
                        .sum();
                s[i] = b[i] * size;
            }
            long used = counts.values().stream().mapToLong(c -> c).sum();
            out.merge(key, new PassTotals(1, b, s, used, counts.size(), new long[0], new long[0]), PassTotals::plus);
        }
    }
}

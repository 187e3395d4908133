package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.analysis.Triangle;
import io.sparkmoe.spark.MoeConf;
import io.sparkmoe.spark.exec.ExecutorBackend;
import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.audit.TraceAudit;
import io.sparkmoe.spark.jobs.scan.FeederPlan;
import io.sparkmoe.spark.jobs.scan.Feeders;
import io.sparkmoe.spark.jobs.scan.ScanResult;
import io.sparkmoe.spark.jobs.scan.TraceScan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scans of random traces, with masked and repeated ids, against SQL over the exploded trace, however they are cut. */
class OneReadTest {
    private static SparkSession spark;
    private static List<Row> rows;
    private static Exploded exploded;

    @BeforeAll
    static void explode() {
        spark = LocalSpark.get();
        rows = TraceRows.rows(TraceRows.sequences(40, 7), 16, false);
        exploded = Exploded.of(TraceRows.table(spark, rows, 1, -1, false));
    }

    private static ScanResult scan(int partitions, boolean packed, int sliceIds, long state, FeederPlan... plans) {
        MoeConf conf = Backends.conf(spark);
        List<Row> from = packed ? TraceRows.rows(TraceRows.sequences(40, 7), 16, true) : rows;
        return TraceScan.of(
                TraceRows.blocks(spark, from, partitions, packed),
                List.of(plans),
                new TraceScan.Options(false, state, 3, 2, sliceIds, () -> ExecutorBackend.get(conf)));
    }

    private static Map<List<Integer>, Long> load(ScanResult result) {
        Map<List<Integer>, Long> out = new HashMap<>();
        result.load().forEach((layer, load) -> {
            for (int e = 0; e < load.counts().length; e++) {
                put(out, load.counts()[e], layer, e);
            }
        });
        return out;
    }

    private static void put(Map<List<Integer>, Long> out, long count, Integer... key) {
        if (count > 0) {
            out.put(List.of(key), count);
        }
    }

    private static Map<List<Integer>, Long> coactivation(ScanResult result) {
        Map<List<Integer>, Long> out = new HashMap<>();
        result.coactivation().collect().forEach(t -> {
            for (int i = 0; i < TraceRows.EXPERTS; i++) {
                for (int j = 0; j < TraceRows.EXPERTS; j++) {
                    put(out, t._2()[Triangle.index(i, j, TraceRows.EXPERTS)], t._1(), i, j);
                }
            }
        });
        return out;
    }

    private static Map<List<Integer>, Long> transitions(ScanResult result) {
        Map<List<Integer>, Long> out = new HashMap<>();
        result.transitions().collect().forEach(t -> {
            for (int c = 0; c < t._2().length; c++) {
                put(out, t._2()[c], t._1()._1(), t._1()._2(), c / TraceRows.EXPERTS, c % TraceRows.EXPERTS);
            }
        });
        return out;
    }

    @ParameterizedTest
    @CsvSource({"1,false,1048576", "8,false,1048576", "8,true,1", "3,true,500", "1,false,64"})
    void countsEqualPlainSqlHoweverTheTraceIsCut(int partitions, boolean packed, int sliceIds) {
        ScanResult result = scan(
                partitions,
                packed,
                sliceIds,
                Long.MAX_VALUE,
                Feeders.load(),
                Feeders.coactivation(0, 1),
                Feeders.transitions(1, 0, 1));
        assertThat(load(result)).isEqualTo(exploded.load());
        assertThat(coactivation(result)).isEqualTo(exploded.coactivation());
        assertThat(transitions(result)).isEqualTo(exploded.transitions(1));
        Map<List<Integer>, Long> known = exploded.known();
        result.load().forEach((layer, l) -> assertThat(l.known()).isEqualTo(known.get(List.of(layer))));
        Map<List<Integer>, Long> together = exploded.coactivation();
        result.load().forEach((layer, l) -> {
            for (int e = 0; e < TraceRows.EXPERTS; e++) {
                assertThat(l.naming()[e]).isEqualTo(together.getOrDefault(List.of(layer, e, e), 0L));
            }
        });
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    @Test
    void sumsBeyondTheBoundGoOutEarlyAndAddUp() {
        ScanResult result =
                scan(2, false, 100, 1, Feeders.load(), Feeders.coactivation(0, 1), Feeders.transitions(2, 0, 1));
        assertThat(coactivation(result)).isEqualTo(exploded.coactivation());
        assertThat(transitions(result)).isEqualTo(exploded.transitions(2));
    }

    @Test
    void partsOfSeveralReadsMakeTheWhole() {
        Map<List<Integer>, Long> together = new HashMap<>();
        Map<List<Integer>, Long> flow = new HashMap<>();
        for (int part = 0; part < 2; part++) {
            ScanResult result =
                    scan(2, false, 100, Long.MAX_VALUE, Feeders.coactivation(part, 2), Feeders.transitions(0, part, 2));
            Map<List<Integer>, Long> some = coactivation(result);
            assertThat(some).isNotEmpty();
            assertThat(Collections.disjoint(some.keySet(), together.keySet())).isTrue();
            together.putAll(some);
            flow.putAll(transitions(result));
        }
        assertThat(together).isEqualTo(exploded.coactivation());
        assertThat(flow).isEqualTo(exploded.transitions(0));
    }

    @Test
    void theAuditOfTheReadIsThatOfAnAuditAlone() {
        ScanResult result = scan(5, true, 300, Long.MAX_VALUE, Feeders.load());
        AuditResult alone = TraceAudit.run(TraceRows.table(spark, rows, 1, -1, false), null);
        assertThat(result.audit(null).lines()).isEqualTo(alone.lines());
        assertThat(result.audit(null).sequences()).isEqualTo(alone.sequences());
    }

    @Test
    void aThousandExpertsOnNinetyTwoLayersAreCountedInParts() {
        int experts = 1024;
        int layers = 92;
        int topk = 8;
        int tokens = 50;
        List<Row> large = new ArrayList<>();
        Random random = new Random(1);
        for (int layer = 0; layer < layers; layer++) {
            int[] ids = new int[tokens * topk];
            for (int t = 0; t < tokens; t++) {
                int[] drawn = random.ints(0, experts).distinct().limit(topk).toArray();
                System.arraycopy(drawn, 0, ids, t * topk, topk);
            }
            large.add(RowFactory.create(
                    "s", "r", 0, null, null, "prefill", layer, 0, tokens, experts, topk, ids, null, null));
        }
        MoeConf conf = Backends.conf(spark);
        long together = 0;
        long flow = 0;
        for (int part = 0; part < 4; part++) {
            ScanResult result = TraceScan.of(
                    TraceRows.blocks(spark, large, 1, false),
                    List.of(Feeders.coactivation(part, 4), Feeders.transitions(1, part, 4)),
                    new TraceScan.Options(
                            false, 64 << 20, 2, 1, TraceScan.Options.SLICE_IDS, () -> ExecutorBackend.get(conf)));
            together +=
                    result.coactivation().map(t -> Arrays.stream(t._2()).sum()).reduce(Long::sum);
            flow += result.transitions().map(t -> Arrays.stream(t._2()).sum()).reduce(Long::sum);
        }
        assertThat(together).isEqualTo((long) layers * tokens * topk * (topk + 1) / 2);
        assertThat(flow).isEqualTo((long) (layers - 1) * tokens * topk * topk);
    }
}

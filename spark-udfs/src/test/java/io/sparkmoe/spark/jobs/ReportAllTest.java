package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkmoe.spark.interop.Scala;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** report --all and the verbs on real recordings, against plain SQL over the exploded trace. */
class ReportAllTest {
    private static SparkSession spark;

    @TempDir
    static Path folder;

    private static Path demo;
    private static CommandLineRun run;
    private static final AtomicLong RECORDS_READ = new AtomicLong();
    private static final AtomicLong SCANS = new AtomicLong();

    @BeforeAll
    static void reportOnTheDemo() throws Exception {
        spark = LocalSpark.get();
        demo = folder.resolve("demo");
        SparkListener reads = new SparkListener() {
            @Override
            public void onStageCompleted(SparkListenerStageCompleted stage) {
                boolean scans = Scala.list(stage.stageInfo().rddInfos()).stream()
                        .anyMatch(rdd -> rdd.name().equals("DataSourceRDD"));
                if (scans) {
                    RECORDS_READ.addAndGet(
                            stage.stageInfo().taskMetrics().inputMetrics().recordsRead());
                    SCANS.incrementAndGet();
                }
            }
        };
        spark.sparkContext().addSparkListener(reads);
        run = CommandLineRun.of("report", "--all", "--demo", "--output", demo.toString(), "--ep-size", "8");
        spark.sparkContext().listenerBus().waitUntilEmpty();
        spark.sparkContext().removeSparkListener(reads);
        assertThat(run.code()).as(run.err()).isZero();
    }

    private static Dataset<Row> table(Path report, String name) {
        return spark.read().parquet(report.resolve("tables/" + name).toString());
    }

    private static List<String> lines(Path report, String name) {
        return table(report, name).toJSON().collectAsList().stream().sorted().toList();
    }

    private static Path resource(String name) throws Exception {
        Path file = folder.resolve(name.substring(name.lastIndexOf('/') + 1));
        try (InputStream in = ReportAllTest.class.getResourceAsStream(name)) {
            Files.write(file, in.readAllBytes());
        }
        return file;
    }

    private static Dataset<Row> demoTrace() throws Exception {
        return spark.read()
                .format("moe_trace")
                .option("recorder", "sglang")
                .option("modelConfig", resource("/io/sparkmoe/demo/config.json").toString())
                .load(resource("/io/sparkmoe/demo/sample_sglang.jsonl.bz2").toString());
    }

    @Test
    void everyTableEqualsPlainSql() throws Exception {
        Exploded exploded = Exploded.of(demoTrace());
        equalsPlainSql(demo, exploded, 8);
        passesEqualPlainSql(demo, exploded, 512, 64, 1.1);
    }

    /** A second real recording, of another checkpoint, as a Parquet trace table. */
    @Test
    void everyVerbEqualsPlainSqlOnAParquetTrace() throws Exception {
        String input = resource("/io/sparkmoe/trace/sample_early_slice.parquet").toString();
        Path output = folder.resolve("early");
        CommandLineRun early = CommandLineRun.of(
                "report",
                "--all",
                "--input",
                input,
                "--output",
                output.toString(),
                "--topk",
                "8",
                "--num-experts",
                "64");
        assertThat(early.code()).as(early.err()).isZero();
        Exploded exploded = Exploded.of(spark.read()
                .format("moe_trace")
                .option("recorder", "trace")
                .option("topk", "8")
                .option("numExperts", "64")
                .load(input));
        equalsPlainSql(output, exploded, 8);
        passesEqualPlainSql(output, exploded, 8, 16, 2.0);
        Path flow = folder.resolve("flow");
        CommandLineRun lag = CommandLineRun.of(
                "transitions",
                "--lag",
                "2",
                "--input",
                input,
                "--output",
                flow.toString(),
                "--topk",
                "8",
                "--num-experts",
                "64");
        assertThat(lag.code()).as(lag.err()).isZero();
        assertThat(Exploded.counts(table(flow, "transitions")
                        .select("from_layer", "to_layer", "from_expert", "to_expert", "count")))
                .isEqualTo(exploded.transitions(2));
    }

    private static void equalsPlainSql(Path report, Exploded exploded, int topk) {
        assertThat(Exploded.counts(
                        table(report, "expert_load").where("count > 0").select("layer", "expert", "count")))
                .isEqualTo(exploded.load());
        Map<List<Integer>, Long> together = exploded.coactivation();
        Map<List<Integer>, Long> known = exploded.known();
        Map<List<Integer>, Long> found = new HashMap<>();
        for (Row r : table(report, "coactivation").collectAsList()) {
            List<Integer> key = List.of(r.getInt(0), r.getInt(1), r.getInt(2));
            found.put(key, r.getLong(3));
            double of = together.get(List.of(r.getInt(0), r.getInt(1), r.getInt(1)));
            double other = together.get(List.of(r.getInt(0), r.getInt(2), r.getInt(2)));
            assertThat(r.getDouble(4)).isEqualTo(r.getLong(3) / of);
            assertThat(r.getDouble(5))
                    .isEqualTo(r.getLong(3) * (double) known.get(List.of(r.getInt(0))) / (of * other));
        }
        assertThat(found).isEqualTo(together);
        assertThat(Exploded.counts(table(report, "transitions")
                        .select("from_layer", "to_layer", "from_expert", "to_expert", "count")))
                .isEqualTo(exploded.transitions(1));
        for (Row r : table(report, "transitions")
                .groupBy("from_layer", "to_layer", "from_expert")
                .sum("share_of_row", "per_token")
                .collectAsList()) {
            assertThat(r.getDouble(3)).isCloseTo(1, offset(1e-9));
            assertThat(r.getDouble(4)).isCloseTo(topk, offset(1e-9));
        }
        for (Row w : table(report, "windows")
                .select("unit", "from_unit", "to_unit")
                .distinct()
                .limit(3)
                .collectAsList()) {
            assertThat(Exploded.counts(table(report, "windows")
                            .where("count > 0 and from_unit = " + w.getLong(1))
                            .select("layer", "expert", "count")))
                    .isEqualTo(exploded.between(w.getString(0), w.getLong(1), w.getLong(2)));
        }
    }

    private static void passesEqualPlainSql(Path report, Exploded exploded, int size, int block, double factor) {
        List<String> expected = new ArrayList<>(exploded.passes(size, block, factor, 64));
        List<String> found = table(report, "padding")
                .where("block_size = " + block + " and tokens_per_pass = " + size)
                .join(
                        table(report, "capacity")
                                .where("factor = " + factor)
                                .withColumnRenamed("slots", "slots_of_all"),
                        Scala.seq("layer", "phase", "tokens_per_pass", "passes"))
                .selectExpr("concat_ws(' ', layer, phase, passes, blocks, used, slots_of_all div 64, dropped)")
                .collectAsList()
                .stream()
                .map(r -> r.getString(0))
                .sorted()
                .toList();
        assertThat(found).isEqualTo(expected);
    }

    @Test
    void theTraceIsReadOnce() throws Exception {
        JsonNode summary =
                new ObjectMapper().readTree(demo.resolve("summary.json").toFile());
        assertThat(SCANS.get()).isEqualTo(1);
        assertThat(RECORDS_READ.get()).isEqualTo(summary.at("/source/rows").asLong());
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    @Test
    void itsPartsAreThoseOfTheReportAndOfTheVerbs() throws Exception {
        Map<String, List<String>> tables = Map.of(
                "report", List.of("expert_load", "balance", "padding", "audit"),
                "coactivation", List.of("coactivation", "audit"),
                "transitions", List.of("transitions", "audit"),
                "capacity", List.of("capacity", "audit"));
        for (Map.Entry<String, List<String>> verb : tables.entrySet()) {
            Path output = folder.resolve("verb-" + verb.getKey());
            List<String> args = new ArrayList<>(List.of(verb.getKey(), "--demo", "--output", output.toString()));
            if (verb.getKey().equals("report")) {
                args.addAll(List.of("--ep-size", "8"));
            }
            CommandLineRun one = CommandLineRun.of(args.toArray(new String[0]));
            assertThat(one.code()).as(one.err()).isZero();
            for (String name : verb.getValue()) {
                assertThat(lines(output, name)).as(verb.getKey() + ": " + name).isEqualTo(lines(demo, name));
            }
        }
    }

    @Test
    void thePlanIsExplainedAndNothingIsWritten() {
        Path output = folder.resolve("explained");
        CommandLineRun plan = CommandLineRun.of(
                "report", "--all", "--demo", "--explain-plan", "--output", output.toString(), "--task-memory", "100k");
        assertThat(plan.code()).as(plan.err()).isZero();
        assertThat(plan.out())
                .contains("8 MoE layers, 64 experts, top-8", "coactivation", "transitions", "windows", "Shuffle")
                .containsPattern("Reads +[3-8] reads");
        assertThat(output).doesNotExist();
    }

    @Test
    void severalReadsForPartsOfTheLayersGiveTheSame() {
        Path output = folder.resolve("parts");
        CommandLineRun parts =
                CommandLineRun.of("coactivation", "--demo", "--output", output.toString(), "--task-memory", "60k");
        assertThat(parts.code()).as(parts.err()).isZero();
        assertThat(parts.err()).contains("reads, for a part of them each");
        assertThat(lines(output, "coactivation")).isEqualTo(lines(demo, "coactivation"));
    }
}

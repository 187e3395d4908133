package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkmoe.spark.CompressedText;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.ui.SparkListenerSQLAdaptiveExecutionUpdate;
import org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static SparkSession spark;

    @TempDir
    static Path folder;

    private static Path demoReport;
    private static CommandLineRun demo;
    private static final List<String> PLANS = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void reportOnTheDemo() throws Exception {
        spark = LocalSpark.get();
        demoReport = folder.resolve("a report");
        SparkListener listener = new PlanListener();
        spark.sparkContext().addSparkListener(listener);
        demo = CommandLineRun.of("report", "--demo", "--output", demoReport.toString(), "--ep-size", "8");
        spark.sparkContext().listenerBus().waitUntilEmpty();
        spark.sparkContext().removeSparkListener(listener);
        assertThat(demo.code()).as(demo.err()).isZero();
    }

    private static final class PlanListener extends SparkListener {
        @Override
        public void onOtherEvent(SparkListenerEvent event) {
            if (event instanceof SparkListenerSQLExecutionStart start) {
                PLANS.add(start.physicalPlanDescription());
            } else if (event instanceof SparkListenerSQLAdaptiveExecutionUpdate update) {
                PLANS.add(update.physicalPlanDescription());
            }
        }
    }

    private static Dataset<Row> table(Path report, String name) {
        return spark.read().parquet(report.resolve("tables/" + name).toString());
    }

    /** Lines of the demo's input as they stand. */
    private static List<String> demoLines() throws Exception {
        return CompressedText.demo();
    }

    private static Path config() throws Exception {
        Path file = folder.resolve("config.json");
        try (InputStream in = ReportCommandTest.class.getResourceAsStream("/io/sparkmoe/demo/config.json")) {
            Files.write(file, in.readAllBytes());
        }
        return file;
    }

    @Test
    void expertLoadEqualsTheReference() throws Exception {
        JsonNode reference;
        try (InputStream in = getClass().getResourceAsStream("/io/sparkmoe/trace/reference.json")) {
            reference = JSON.readTree(in).get("sglang_sample");
        }
        Map<Integer, long[]> found = new java.util.TreeMap<>();
        for (Row row : table(demoReport, "expert_load").collectAsList()) {
            found.computeIfAbsent(row.getInt(0), l -> new long[64])[row.getInt(1)] = row.getLong(2);
        }
        assertThat(found).hasSize(8);
        JsonNode summary = JSON.readTree(demoReport.resolve("summary.json").toFile());
        assertThat(summary.at("/source/tokens").asLong())
                .isEqualTo(reference.get("tokens").asLong());
        found.forEach((layer, counts) -> {
            JsonNode expected = reference.get("counts_by_layer").get(String.valueOf(layer));
            assertThat(counts).as("layer " + layer).isEqualTo(JSON.convertValue(expected, long[].class));
        });
    }

    @Test
    void theDemoCallsItsSourceByName() {
        assertThat(table(demoReport, "audit").select("source").distinct().collectAsList())
                .extracting(row -> row.getString(0))
                .containsExactly("sample_sglang.jsonl.bz2");
    }

    @Test
    void tablesHaveTheirPublicColumns() {
        assertThat(table(demoReport, "expert_load").schema().simpleString())
                .isEqualTo("struct<layer:int,expert:int,count:bigint,share:double>");
        assertThat(table(demoReport, "padding").schema().simpleString())
                .isEqualTo("struct<layer:int,phase:string,tokens_per_pass:int,block_size:int,passes:bigint,"
                        + "blocks:bigint,slots:bigint,used:bigint>");
        assertThat(table(demoReport, "audit").schema().simpleString())
                .isEqualTo("struct<source:string,reason:string,records:bigint,tokens:bigint,ids:bigint>");
        assertThat(table(demoReport, "balance").columns()).startsWith("layer", "imbalance_max_mean");
        assertThat(table(demoReport, "balance")
                        .where("balancedness_sglang_of_totals is null")
                        .count())
                .isZero();
    }

    @Test
    void everyPassSizeUsesEveryId() throws Exception {
        JsonNode summary = JSON.readTree(demoReport.resolve("summary.json").toFile());
        long ids = summary.get("source").get("ids").asLong()
                - summary.get("source").get("masked_ids").asLong();
        List<Row> sums = table(demoReport, "padding")
                .groupBy("tokens_per_pass", "block_size")
                .sum("used")
                .collectAsList();
        assertThat(sums)
                .hasSize(25)
                .allSatisfy(row -> assertThat(row.getLong(2)).isEqualTo(ids));
    }

    @Test
    void thePageAndTheSummaryAreThere() throws Exception {
        assertThat(demo.out())
                .contains(
                        "MoE layers",
                        "Imbalance",
                        "Padding",
                        demoReport.resolve("report.html").toString());
        assertThat(demo.err()).contains("Counting expert load").doesNotContain("Exception");
        assertThat(Files.size(demoReport.resolve("report.html"))).isBetween(10_000L, 5L << 20);
        try (var files = Files.list(demoReport)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("report.html", "summary.json", "tables");
        }
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    @Test
    void noJobExplodes() {
        assertThat(PLANS).isNotEmpty().noneMatch(plan -> plan.contains("Generate") || plan.contains("explode"));
        assertThat(PLANS).anyMatch(plan -> plan.contains("moe_expert_load"));
    }

    @Test
    void anEarlierReportNeedsOverwrite() throws Exception {
        Path input = Files.write(folder.resolve("small.jsonl"), demoLines().subList(0, 2));
        Path output = folder.resolve("twice");
        String[] args = {
            "report",
            "--input",
            input.toString(),
            "--model-config",
            config().toString(),
            "--output",
            output.toString(),
            "--tokens-per-pass",
            "8",
            "--block-sizes",
            "16"
        };
        assertThat(CommandLineRun.of(args).code()).isZero();
        CommandLineRun again = CommandLineRun.of(args);
        assertThat(again.code()).isEqualTo(1);
        assertThat(again.err()).contains("output exists");
        List<String> forced = new ArrayList<>(List.of(args));
        forced.add("--overwrite");
        assertThat(CommandLineRun.of(forced.toArray(new String[0])).code()).isZero();
        try (var files = Files.list(folder)) {
            assertThat(files.filter(f -> f.getFileName().toString().startsWith(".")))
                    .isEmpty();
        }
    }

    @Test
    void aBrokenRecordFailsOrIsQuarantined() throws Exception {
        List<String> lines = new ArrayList<>(demoLines().subList(0, 3));
        lines.add(1, "{\"text\": \"no routing here\"");
        Path input = Files.write(folder.resolve("broken.jsonl"), lines);
        Path output = folder.resolve("broken");
        List<String> args = new ArrayList<>(List.of(
                "report",
                "--input",
                input.toString(),
                "--model-config",
                config().toString(),
                "--output",
                output.toString(),
                "--tokens-per-pass",
                "1",
                "--block-sizes",
                "16"));
        CommandLineRun failed = CommandLineRun.of(args.toArray(new String[0]));
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err()).contains("broken.jsonl").contains("record 2").doesNotContain("\tat ");
        assertThat(output).doesNotExist();
        args.addAll(List.of("--on-bad-rows", "quarantine"));
        CommandLineRun done = CommandLineRun.of(args.toArray(new String[0]));
        assertThat(done.code()).as(done.err()).isEqualTo(3);
        Row aside = spark.read()
                .parquet(output.resolve("quarantine").toString())
                .select("bad.reason", "bad.record")
                .first();
        assertThat(aside.getString(0)).isEqualTo("not_json");
        assertThat(aside.getLong(1)).isEqualTo(2);
        assertThat(table(output, "audit")
                        .where("reason = 'quarantined'")
                        .first()
                        .getLong(2))
                .isEqualTo(1);
        CommandLineRun audit = CommandLineRun.of(
                "audit", "--input", input.toString(), "--model-config", config().toString(), "--format", "csv");
        assertThat(audit.code()).isEqualTo(3);
        assertThat(audit.out()).startsWith("source,reason,records,tokens,ids").contains(",not_json,1,0,0");
    }

    @Test
    void ranksThatDoNotDivideAreAnError() {
        CommandLineRun run = CommandLineRun.of(
                "report", "--demo", "--output", folder.resolve("ranks").toString(), "--ep-size", "7");
        assertThat(run.code()).isEqualTo(2);
        assertThat(run.err()).contains("--ep-size 7 does not divide the 64 experts");
    }

    @Test
    void cachedTokensAreLeftOutOnRequestAndSamplesKeepSequencesWhole() throws Exception {
        Path output = folder.resolve("uncached");
        CommandLineRun run = CommandLineRun.of(
                "report",
                "--demo",
                "--output",
                output.toString(),
                "--exclude-cached",
                "--tokens-per-pass",
                "1",
                "--block-sizes",
                "16");
        assertThat(run.code()).as(run.err()).isZero();
        long all = table(demoReport, "expert_load")
                .agg(Map.of("count", "sum"))
                .first()
                .getLong(0);
        long kept =
                table(output, "expert_load").agg(Map.of("count", "sum")).first().getLong(0);
        assertThat(all - kept).isEqualTo(99L * 8 * 8);
        Path half = folder.resolve("half");
        CommandLineRun sampled = CommandLineRun.of(
                "report",
                "--demo",
                "--output",
                half.toString(),
                "--sample",
                "0.5",
                "--tokens-per-pass",
                "1",
                "--block-sizes",
                "16");
        assertThat(sampled.code()).as(sampled.err()).isZero();
        JsonNode source = JSON.readTree(half.resolve("summary.json").toFile()).get("source");
        assertThat(source.get("sequences").asInt()).isBetween(1, 33);
        assertThat(table(half, "audit").where("reason = 'layers_missing'").count())
                .isZero();
    }
}

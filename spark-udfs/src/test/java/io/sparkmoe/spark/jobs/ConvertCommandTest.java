package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.CompressedText;
import io.sparkmoe.spark.jobs.parquet.TraceParquetFormat;
import io.sparkmoe.spark.trace.TraceSchema;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertCommandTest {
    /** Older Parquet (of Spark 4.0) cannot end row groups by rows, so nothing is promised there. */
    static final boolean PROMISES = !TraceParquetFormat.wholeBlocks(8, 1000).isEmpty();

    private final SparkSession spark = LocalSpark.get();

    @TempDir
    Path folder;

    private Path config;
    private Path output;
    private List<String> lines;

    @BeforeEach
    void sample() throws Exception {
        config = folder.resolve("config.json");
        output = folder.resolve("out");
        try (InputStream in = getClass().getResourceAsStream("/io/sparkmoe/demo/config.json")) {
            Files.write(config, in.readAllBytes());
        }
        lines = CompressedText.demo();
        Files.write(folder.resolve("a.jsonl"), lines.subList(0, 4));
    }

    private CommandLineRun convert(String... more) {
        List<String> args = new java.util.ArrayList<>(List.of(
                "convert",
                "--input",
                folder.resolve("*.jsonl").toString(),
                "--model-config",
                config.toString(),
                "--output",
                output.toString()));
        args.addAll(List.of(more));
        return CommandLineRun.of(args.toArray(new String[0]));
    }

    private long rows() {
        return spark.read().parquet(output.resolve("trace").toString()).count();
    }

    private List<Path> traceFiles() throws Exception {
        try (var files = Files.list(output.resolve("trace"))) {
            return files.filter(f -> f.toString().endsWith(".parquet")).toList();
        }
    }

    @Test
    void writesPackedIdsWithFooterKeysAndKeepsEveryRoute() throws Exception {
        CommandLineRun run = convert();
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("Read", "Wrote", "rows/s", output.resolve("trace").toString());
        for (Path file : traceFiles()) {
            assertThat(footer(file)).containsEntry(TraceSchema.VERSION_KEY, "1");
            assertThat(footer(file).get(TraceParquetFormat.BLOCKS_KEY))
                    .isEqualTo(PROMISES ? TraceParquetFormat.WHOLE : null);
        }
        String counts = "select layer, moe_expert_load(topk_ids, 64) c from %s group by layer order by layer";
        spark.read().parquet(output.resolve("trace").toString()).createOrReplaceTempView("converted");
        spark.read()
                .format("moe_trace")
                .option("recorder", "sglang")
                .option("modelConfig", config.toString())
                .load(folder.resolve("a.jsonl").toString())
                .createOrReplaceTempView("recorded");
        List<Row> expected = spark.sql(String.format(counts, "recorded")).collectAsList();
        assertThat(expected).hasSize(8);
        assertThat(spark.sql(String.format(counts, "converted")).collectAsList())
                .isEqualTo(expected);
    }

    private static Map<String, String> footer(Path file) throws Exception {
        HadoopInputFile in = HadoopInputFile.fromPath(new org.apache.hadoop.fs.Path(file.toUri()), new Configuration());
        try (ParquetFileReader reader = ParquetFileReader.open(in)) {
            return reader.getFileMetaData().getKeyValueMetaData();
        }
    }

    @Test
    void aRerunAddsOnlyWhatIsNew() throws Exception {
        assertThat(convert().code()).isZero();
        long before = rows();
        CommandLineRun again = convert();
        assertThat(again.code()).isZero();
        assertThat(again.out()).contains("Nothing to do");
        assertThat(rows()).isEqualTo(before);
        Files.write(folder.resolve("b.jsonl"), lines.subList(4, 6));
        CommandLineRun more = convert();
        assertThat(more.code()).as(more.err()).isZero();
        assertThat(more.err()).contains("1 of 2 inputs were converted before");
        assertThat(rows()).isGreaterThan(before);
        CommandLineRun fresh = convert("--overwrite");
        assertThat(fresh.code()).isZero();
        assertThat(fresh.out()).contains("2 files");
    }

    @Test
    void filesOfAnUnfinishedRunAreRemoved() throws Exception {
        assertThat(convert().code()).isZero();
        long before = rows();
        Files.copy(traceFiles().get(0), output.resolve("trace/part-left-over.parquet"));
        Files.createDirectories(output.resolve(".run-left-over/trace"));
        assertThat(convert().code()).isZero();
        assertThat(rows()).isEqualTo(before);
        assertThat(output.resolve(".run-left-over")).doesNotExist();
    }

    @Test
    void anInputThatChangedIsAnError() throws Exception {
        assertThat(convert().code()).isZero();
        Files.write(folder.resolve("a.jsonl"), lines.subList(0, 5));
        CommandLineRun run = convert();
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("a.jsonl").contains("changed after it was converted");
    }

    @Test
    void unusableRecordsAreWrittenBeside() throws Exception {
        Files.write(folder.resolve("b.jsonl"), List.of(lines.get(5), "not json"));
        CommandLineRun refused = convert();
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("b.jsonl").contains("record 2");
        CommandLineRun run = convert("--on-bad-rows", "quarantine");
        assertThat(run.code()).as(run.err()).isEqualTo(3);
        assertThat(spark.read().parquet(output.resolve("quarantine").toString()).count())
                .isEqualTo(1);
        assertThat(spark.read()
                        .parquet(output.resolve("audit").toString())
                        .where("reason = 'not_json'")
                        .count())
                .isEqualTo(1);
        assertThat(spark.read()
                        .parquet(output.resolve("trace").toString())
                        .where("bad is not null")
                        .count())
                .isZero();
    }

    @Test
    void aReportOnTheTraceTableEqualsTheReportOnTheRecording() throws Exception {
        assertThat(convert("--max-tokens-per-row", "100").code()).isZero();
        Path recorded = folder.resolve("recorded");
        Path converted = folder.resolve("converted");
        CommandLineRun first = CommandLineRun.of(
                "report",
                "--input",
                folder.resolve("a.jsonl").toString(),
                "--model-config",
                config.toString(),
                "--output",
                recorded.toString());
        CommandLineRun second = CommandLineRun.of(
                "report", "--input", output.resolve("trace").toString(), "--output", converted.toString());
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(second.code()).as(second.err()).isZero();
        assertThat(second.err().contains("sorting")).isEqualTo(!PROMISES);
        for (String table : List.of("expert_load", "balance", "padding")) {
            assertThat(rows(converted, table)).as(table).isNotEmpty().isEqualTo(rows(recorded, table));
        }
    }

    private List<String> rows(Path report, String table) {
        return spark.read()
                .parquet(report.resolve("tables").resolve(table).toString())
                .toJSON()
                .collectAsList();
    }

    @Test
    void tablesWithoutThePromiseAreSortedFirst() throws Exception {
        assertThat(convert().code()).isZero();
        Path shuffled = folder.resolve("shuffled");
        spark.read()
                .parquet(output.resolve("trace").toString())
                .repartition(3)
                .write()
                .parquet(shuffled.toString());
        CommandLineRun kept =
                CommandLineRun.of("audit", "--input", output.resolve("trace").toString(), "--format", "csv");
        CommandLineRun sorted = CommandLineRun.of("audit", "--input", shuffled.toString(), "--format", "csv");
        assertThat(sorted.code()).as(sorted.err()).isZero();
        assertThat(sorted.err()).contains("sorting them first");
        assertThat(kept.err().contains("sorting")).isEqualTo(!PROMISES);
        assertThat(sorted.out()).isEqualTo(kept.out()).contains(",read,").contains(",used,");
    }

    @Test
    void rowsOfATableWithFaultsFailOrAreQuarantined() {
        Path table = folder.resolve("faults");
        List<Row> rows = TraceRows.rows(TraceRows.sequences(8, 3), 16, false);
        TraceRows.table(spark, rows, 1, -1, false)
                .drop("bad", "attributes")
                .withColumn(
                        "topk_ids",
                        org.apache.spark.sql.functions.expr("case when layer = 2 and request_id = 'r1' then "
                                + "transform(topk_ids, (x, i) -> if(i = 0, -7, x)) when layer = 5 and request_id = 'r1' then "
                                + "slice(topk_ids, 2, 1000) else topk_ids end"))
                .coalesce(1)
                .write()
                .parquet(table.toString());
        long faulty = rows.stream()
                .filter(r -> "r1".equals(r.getString(1)) && r.getInt(6) != 1)
                .count();
        Path report = folder.resolve("report");
        List<String> args = new java.util.ArrayList<>(
                List.of("report", "--input", table.toString(), "--output", report.toString(), "--block-sizes", "16"));
        CommandLineRun refused = CommandLineRun.of(args.toArray(new String[0]));
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("request r1").contains("-7").contains("[0, 24)");
        args.addAll(List.of("--on-bad-rows", "quarantine"));
        CommandLineRun run = CommandLineRun.of(args.toArray(new String[0]));
        assertThat(run.code()).as(run.err()).isEqualTo(3);
        assertThat(spark.read().parquet(report.resolve("quarantine").toString()).count())
                .isEqualTo(faulty);
        List<String> again = List.of(
                "convert", "--input", table.toString(), "--output", output.toString(), "--on-bad-rows", "quarantine");
        assertThat(CommandLineRun.of(again.toArray(new String[0])).code()).isEqualTo(3);
        assertThat(rows()).isEqualTo(rows.size() - faulty);
    }
}

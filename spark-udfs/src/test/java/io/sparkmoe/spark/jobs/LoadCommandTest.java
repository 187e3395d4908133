package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadCommandTest {
    private static SparkSession spark;

    @TempDir
    static Path folder;

    @BeforeAll
    static void session() {
        spark = LocalSpark.get();
    }

    @Test
    void theDemosLoadIsThatOfItsReport() throws Exception {
        Path load = folder.resolve("load");
        Path report = folder.resolve("report");
        CommandLineRun run = CommandLineRun.of("load", "--demo", "--output", load.toString(), "--ep-size", "8");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("Imbalance", "Hottest", "report.html").doesNotContain("Padding");
        CommandLineRun whole = CommandLineRun.of(
                "report",
                "--demo",
                "--output",
                report.toString(),
                "--ep-size",
                "8",
                "--tokens-per-pass",
                "1",
                "--block-sizes",
                "16");
        assertThat(whole.code()).as(whole.err()).isZero();
        for (String table : new String[] {"expert_load", "balance", "audit"}) {
            assertThat(rows(load, table)).as(table).isEqualTo(rows(report, table));
        }
        JsonNode summary =
                new ObjectMapper().readTree(load.resolve("summary.json").toFile());
        assertThat(summary.at("/layers")).hasSize(8);
        assertThat(summary.at("/padding")).isEmpty();
        try (var files = Files.list(load.resolve("tables"))) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .containsExactlyInAnyOrder("expert_load", "balance", "audit");
        }
    }

    @Test
    void windowsAndPaddingAddUpToTheLoad() {
        Path load = folder.resolve("windows");
        CommandLineRun run = CommandLineRun.of("load", "--demo", "--output", load.toString(), "--windows", "4");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(spark.read().parquet(load + "/tables/windows").schema().simpleString())
                .isEqualTo("struct<unit:string,from_unit:bigint,to_unit:bigint,layer:int,expert:int,count:bigint>");
        long ids = sum(load, "expert_load", "count");
        assertThat(sum(load, "windows", "count")).isEqualTo(ids);
        Path padding = folder.resolve("padding");
        CommandLineRun pad = CommandLineRun.of(
                "padding", "--demo", "--output", padding.toString(), "--tokens-per-pass", "8", "--block-sizes", "16");
        assertThat(pad.code()).as(pad.err()).isZero();
        assertThat(pad.out()).contains("Padding").doesNotContain("Imbalance");
        assertThat(sum(padding, "padding", "used")).isEqualTo(ids);
    }

    private static long sum(Path output, String table, String column) {
        return spark.read()
                .parquet(output + "/tables/" + table)
                .selectExpr("sum(" + column + ")")
                .first()
                .getLong(0);
    }

    private static List<String> rows(Path output, String table) {
        return spark.read().parquet(output.resolve("tables/" + table).toString()).toJSON().collectAsList().stream()
                .sorted()
                .toList();
    }
}

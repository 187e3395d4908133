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

    private static List<String> rows(Path output, String table) {
        return spark.read().parquet(output.resolve("tables/" + table).toString()).toJSON().collectAsList().stream()
                .sorted()
                .toList();
    }
}

package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkmoe.spark.exec.MoeMetrics;
import io.sparkmoe.spark.exec.OpenBackends;
import io.sparkmoe.spark.gpu.RequiresGpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line gives the same on both backends: report's tables and summary, sql's output. */
@RequiresGpu
class BothBackendsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path folder;

    /** The command line then opens sessions of its own, by its --conf. */
    @BeforeEach
    void withoutSession() {
        SparkSession.getDefaultSession().foreach(session -> {
            session.stop();
            return null;
        });
    }

    private static CommandLineRun run(String backend, String... arguments) {
        long before = calls();
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of("--master", "local[3]", "--conf", "spark.moe.backend=" + backend));
        CommandLineRun run = CommandLineRun.of(all.toArray(String[]::new));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(calls() - before > 0).as("the GPU took part").isEqualTo(backend.equals("cuda"));
        assertThat(OpenBackends.names()).as("open after the command").isEmpty();
        return run;
    }

    private static long calls() {
        return MoeMetrics.totals().get("deviceCalls").sum();
    }

    /** The summary without what tells one run from another. */
    private static JsonNode summary(Path report, String backend) throws IOException {
        ObjectNode summary =
                (ObjectNode) JSON.readTree(report.resolve("summary.json").toFile());
        ObjectNode run = (ObjectNode) summary.get("run");
        assertThat(run.get("backend").asText()).isEqualTo(backend);
        run.remove(List.of("backend", "seconds", "created_at", "command"));
        return summary;
    }

    /** Every row of every table, by table, in order. */
    private static Map<String, List<String>> tables(Path report) throws IOException {
        SparkSession spark = LocalSpark.get();
        Map<String, List<String>> tables = new TreeMap<>();
        try (Stream<Path> folders = Files.list(report.resolve("tables"))) {
            for (Path table : folders.toList()) {
                tables.put(
                        table.getFileName().toString(),
                        spark.read().parquet(table.toString()).toJSON().collectAsList().stream()
                                .sorted()
                                .toList());
            }
        }
        spark.stop();
        return tables;
    }

    @Test
    void reportsAreTheSame() throws IOException {
        Path byCpu = folder.resolve("cpu");
        Path byGpu = folder.resolve("cuda");
        for (String backend : List.of("cpu", "cuda")) {
            run(
                    backend,
                    "report",
                    "--demo",
                    "--ep-size",
                    "8",
                    "--output",
                    folder.resolve(backend).toString());
        }
        assertThat(summary(byGpu, "cuda")).isEqualTo(summary(byCpu, "cpu"));
        Map<String, List<String>> expected = tables(byCpu);
        assertThat(tables(byGpu)).isEqualTo(expected);
        System.out.println("rows compared:");
        expected.forEach((table, rows) -> System.out.println(table + " " + rows.size()));
        assertThat(expected).containsKeys("expert_load", "padding", "balance");
        assertThat(expected.values()).allSatisfy(rows -> assertThat(rows).isNotEmpty());
    }

    @Test
    void sqlPrintsTheSame() {
        String query = "select id % 7 g, moe_expert_load(ids, 64) load, moe_padding_sum(ids, 64, array(16, 64)) pad, "
                + "sum(hash(to_json(moe_align_block_size(ids, 64, 16)))) aligned from (select id, transform(sequence(0, 511), i "
                + "-> cast(pmod(hash(i, id), 64) as int)) ids from range(0, 3000, 1, 6)) group by 1 order by 1";
        String loads =
                "select g, moe_expert_load(ids, 64) load, moe_padding_sum(ids, 64, array(16, 64)) pad from (select id % 7 "
                        + "g, transform(sequence(0, 511), i -> cast(pmod(hash(i, id), 64) as int)) ids from range(0, 3000, 1, 6)) "
                        + "group by g order by g";
        for (String sql : List.of(query, loads)) {
            String expected = run("cpu", "sql", "-e", sql, "--format", "json").out();
            assertThat(run("cuda", "sql", "-e", sql, "--format", "json").out()).isEqualTo(expected);
            assertThat(expected.lines()).hasSize(7);
        }
    }
}

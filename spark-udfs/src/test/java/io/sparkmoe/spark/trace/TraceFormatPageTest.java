package io.sparkmoe.spark.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/trace-format.md shows and lists is what happens. */
final class TraceFormatPageTest {
    @TempDir
    Path folder;

    private static String page() throws IOException {
        return Files.readString(Path.of("..", "docs", "trace-format.md"));
    }

    @Test
    void theExampleGivesItsTable() throws IOException {
        String sql = page().split("```sql\n")[1].split("```")[0];
        for (String name : List.of("sample_sglang.jsonl.bz2", "config.json")) {
            sql = sql.replace("'" + name + "'", "'" + TestSpark.copy("demo/" + name, folder) + "'");
        }
        Dataset<Row> result = null;
        for (String statement : sql.split(";")) {
            result = TestSpark.session().sql(statement);
        }
        StringBuilder table = new StringBuilder("| " + String.join(" | ", result.columns()) + " |\n");
        table.append("|---".repeat(result.columns().length)).append("|\n");
        for (Row row : result.collectAsList()) {
            table.append("| ").append(row.mkString(" | ")).append(" |\n");
        }
        assertThat(page()).contains(table);
    }

    @Test
    void everyReasonColumnAndOptionIsListed() throws IOException {
        String page = page();
        assertThat(page)
                .contains(Arrays.stream(BadReason.values())
                        .map(r -> "| " + r.code() + " |")
                        .toList());
        List<String> columns =
                Arrays.asList(TraceSchema.of(TraceSchema.idsType(8)).fieldNames());
        columns.stream()
                .filter(c -> !List.of("num_experts", "topk").contains(c))
                .forEach(c -> assertThat(page).contains("| " + c + " |"));
    }
}

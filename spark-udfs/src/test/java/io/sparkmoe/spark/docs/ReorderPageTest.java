package io.sparkmoe.spark.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** The SQL of docs/reorder.md runs in its order, and gives the results shown: column names, then a line a row. */
class ReorderPageTest {
    private static final Path PAGE = Path.of("..", "docs", "reorder.md");
    private static final Pattern BLOCK = Pattern.compile("(?s)```sql\\n(.*?);\\n```(?:\\n\\n```text\\n(.*?)```)?");

    @Test
    void sqlGivesTheResultsShown() throws IOException {
        SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate();
        Matcher blocks = BLOCK.matcher(Files.readString(PAGE));
        int shown = 0;
        while (blocks.find()) {
            Dataset<Row> result = spark.sql(blocks.group(1));
            if (blocks.group(2) != null) {
                assertThat(text(result)).as(blocks.group(1)).isEqualTo(blocks.group(2));
                shown++;
            }
        }
        assertThat(shown).isEqualTo(3);
    }

    private static String text(Dataset<Row> result) {
        return Stream.concat(
                        Stream.of(String.join(" | ", result.columns())),
                        result.collectAsList().stream().map(ReorderPageTest::line))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String line(Row row) {
        return Stream.iterate(0, i -> i < row.size(), i -> i + 1)
                .map(row::get)
                .map(v -> v instanceof scala.collection.Seq<?> s ? s.mkString("[", ", ", "]") : String.valueOf(v))
                .collect(Collectors.joining(" | "));
    }
}

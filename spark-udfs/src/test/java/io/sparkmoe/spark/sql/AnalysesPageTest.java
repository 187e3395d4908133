package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** The queries of docs/analyses.md run on a small trace. */
class AnalysesPageTest {
    private static final SparkSession SPARK = TestSpark.session();
    private static final Pattern SQL = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);

    private static void register(String view) {
        SPARK.sql(
                        "SELECT 's' source, cast(id div 4 AS string) request_id, 0 choice, id step, cast(id % 4 AS int) layer, 0 "
                                + "first_position, transform(sequence(0, 31), i -> cast((i * 5 + id) % 64 AS int)) topk_ids, array(1, "
                                + "2, 1, 3) token_ids, map('domain', if(id % 8 < 4, 'prose', 'code')) attributes FROM range(16)")
                .createOrReplaceTempView(view);
    }

    @Test
    void everyQueryAnswers() throws IOException {
        List.of("trace", "early", "final").forEach(AnalysesPageTest::register);
        List<String> queries = SQL.matcher(Files.readString(Path.of("..", "docs", "analyses.md")))
                .results()
                .map(m -> m.group(1))
                .toList();
        assertThat(queries).hasSizeGreaterThanOrEqualTo(7);
        for (String query : queries) {
            assertThat(SPARK.sql(query).collectAsList()).as(query).isNotEmpty();
        }
    }

    /** The same routing on both sides: full saturation, no mismatch. */
    @Test
    void aRoutingAgreesWithItself() throws IOException {
        List.of("early", "final").forEach(AnalysesPageTest::register);
        String query = SQL.matcher(Files.readString(Path.of("..", "docs", "analyses.md")))
                .results()
                .map(m -> m.group(1))
                .filter(q -> q.contains("saturation"))
                .findFirst()
                .orElseThrow();
        for (Row row : SPARK.sql(query).collectAsList()) {
            assertThat(row.getDouble(1)).isEqualTo(1.0);
            assertThat(row.getDouble(2)).isZero();
        }
    }
}

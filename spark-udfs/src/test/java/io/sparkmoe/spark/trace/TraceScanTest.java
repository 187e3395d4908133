package io.sparkmoe.spark.trace;

import static io.sparkmoe.spark.trace.SglangFixture.good;
import static io.sparkmoe.spark.trace.SglangFixture.read;
import static io.sparkmoe.spark.trace.SglangFixture.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reaches the reader: columns, layer filters, SQL; and that memory goes back. */
final class TraceScanTest {
    @TempDir
    Path folder;

    private final SparkSession spark = TestSpark.session();
    private Path file;

    @BeforeEach
    void writeFile() throws IOException {
        file = SglangFixture.write(folder, "a.jsonl", good("a", 20, 5), "broken", good("b", 3, 3));
    }

    @AfterEach
    void everythingGoesBack() {
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    private static String scan(Dataset<Row> trace) {
        return trace.queryExecution().executedPlan().toString();
    }

    @Test
    void columnsArePrunedInTheReader() {
        Dataset<Row> trace = read(file, "onBadRows", "mark").selectExpr("layer", "bad.reason");
        assertThat(scan(trace)).contains("columns [layer, bad]").doesNotContain("topk_ids");
        assertThat(trace.collectAsList())
                .hasSize(13)
                .anyMatch(r -> r.isNullAt(0) && r.getString(1).equals("not_json"));
        assertThat(read(file, "onBadRows", "mark").count()).isEqualTo(13);
    }

    @Test
    void layerFiltersReachTheReaderAndHideNoBadRow() {
        String[][] cases = {
            {"layer = 2", "2"},
            {"layer in (1, 3)", "1,3"},
            {"layer between 2 and 9", "2-3"},
            {"layer > 1 and layer < 3", "2"},
            {"layer != 2", "1,3"},
            {"layer <= 1 or layer = 3", "1,3"},
            {"2 = layer", "2"},
            {"layer = 7", ""},
            {"layer <=> 3", "3"},
            {"not (layer in (1, 2))", "3"}
        };
        for (String[] one : cases) {
            Dataset<Row> trace = read(file, "onBadRows", "mark").where(one[0]);
            assertThat(scan(trace))
                    .as(one[0])
                    .contains("layers " + one[1] + " columns")
                    .doesNotContain("Filter (");
            List<Row> found = trace.select("layer").distinct().orderBy("layer").collectAsList();
            List<String> layers =
                    found.stream().map(r -> String.valueOf(r.get(0))).toList();
            String expected = "null," + one[1].replace("2-3", "2,3");
            assertThat(String.join(",", layers)).as(one[0]).isEqualTo(one[1].isEmpty() ? "null" : expected);
        }
    }

    @Test
    void otherFiltersStayWithSpark() {
        Dataset<Row> trace = read(file, "onBadRows", "mark").where("layer = 2 and phase = 'decode' and bad is null");
        assertThat(scan(trace)).contains("layers 2 columns", "Filter (");
        assertThat(trace.select("request_id").collectAsList())
                .extracting(r -> r.getString(0))
                .containsExactly("a", "b");
        assertThat(read(file, "onBadRows", "mark")
                        .where("layer = 2 or phase = 'decode'")
                        .count())
                .isEqualTo(8);
    }

    @Test
    void readsFromSql() {
        spark.sql("CREATE OR REPLACE TEMPORARY VIEW t USING moe_trace OPTIONS (path '" + file + "', recorder 'sglang', "
                + "NUMLAYERS '4', moeLayers '1-3', topk '3', numExperts '16', onBadRows 'mark')");
        assertThat(spark.sql("SELECT layer, sum(size(topk_ids)) FROM t WHERE layer = 3 AND bad IS NULL GROUP BY layer")
                        .head())
                .hasToString("[3,87]");
        assertThat(rows(spark.table("t"))).isEqualTo(rows(read(file, "onBadRows", "mark")));
    }

    @Test
    void oneScanOverAnotherIsTheSame() {
        Dataset<Row> trace = read(file, "onBadRows", "mark");
        Dataset<Row> self = trace.as("x")
                .join(
                        trace.as("y"),
                        org.apache.spark.sql.functions.expr(
                                "x.request_id = y.request_id and x.layer = y.layer and x.first_position = y.first_position"));
        assertThat(self.where("x.topk_ids != y.topk_ids").count()).isZero();
        assertThat(self.count()).isEqualTo(12);
    }

    @Test
    void memoryGoesBackAfterFailureAndLimit() {
        assertThatThrownBy(() -> read(file).collectAsList()).hasRootCauseInstanceOf(TraceFormatException.class);
        assertThat(read(file, "onBadRows", "mark").limit(2).collectAsList()).hasSize(2);
        assertThat(read(file, "onBadRows", "mark").take(1)).isNotNull();
    }

    @Test
    void theLayersOfABlockStandTogether() throws IOException {
        Path many = folder.resolve("long.jsonl");
        SglangFixture.write(folder, "long.jsonl", good("a", 5000, 200), good("b", 10, 3000));
        List<Row> all =
                read(many).select("request_id", "first_position", "layer").collectAsList();
        assertThat(all).hasSize(3 * (7 + 4));
        for (int i = 0; i < all.size(); i++) {
            Row first = all.get(i - i % 3);
            assertThat(List.of(
                            all.get(i).getString(0),
                            all.get(i).getInt(1),
                            all.get(i).getInt(2)))
                    .isEqualTo(List.of(first.getString(0), first.getInt(1), 1 + i % 3));
        }
    }
}

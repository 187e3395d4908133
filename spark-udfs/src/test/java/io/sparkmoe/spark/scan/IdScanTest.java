package io.sparkmoe.spark.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.gpu.PlanMetrics;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same rows as Spark's own reader gives, over what Spark writes: codecs, pages, NULLs, splits, filters. */
final class IdScanTest {
    private static final SparkSession SPARK = TestSpark.session();
    /** One number over every row: its own columns, its ids with NULLs and order, and what our function made of them. */
    private static final String HASH =
            "SELECT count(*), sum(xxhash64(s, %2$s, c) %% 1000003) FROM (SELECT struct(%3$s) s, %2$s, "
                    + "moe_expert_counts(%2$s, num_experts => 300, invalid => 'drop') c FROM parquet.`%1$s` WHERE %4$s)";

    @TempDir
    Path folder;

    private int tables;

    @AfterEach
    void reset() {
        SPARK.conf().unset("spark.sql.files.maxPartitionBytes");
        SPARK.conf().unset("spark.sql.parquet.columnarReaderBatchSize");
    }

    /** Rows of up to 11 ids (long ones of 3,000), every 20th NULL, every 20th empty, ids NULL in every 13th row. */
    private static Dataset<Row> rows(long count, int experts, String type) {
        return SPARK.range(0, count, 1, 1)
                .selectExpr(
                        "id",
                        "cast(id % 7 AS INT) layer",
                        "cast(CASE WHEN id % 20 = 3 THEN NULL WHEN id % 20 = 4 THEN array() ELSE transform(sequence(0, "
                                + "cast(pmod(xxhash64(id), 11) AS INT)), i -> CASE WHEN id % 13 = 5 AND i % 2 = 0 THEN NULL "
                                + "ELSE cast(pmod(xxhash64(id, i), " + experts + ") AS INT) END) END AS array<" + type
                                + ">) topk_ids");
    }

    private Path write(Dataset<Row> rows, Map<String, String> options) {
        Path to = folder.resolve("t" + tables++);
        DataFrameWriter<Row> writer = rows.write();
        options.forEach(writer::option);
        writer.parquet(to.toString());
        return to;
    }

    private static Path smallPages(IdScanTest test, Dataset<Row> rows) {
        return test.write(
                rows,
                Map.of(
                        "parquet.block.size",
                        "20000",
                        "parquet.page.size",
                        "2000",
                        "parquet.page.row.count.limit",
                        "300"));
    }

    private static void same(Path table, String columns, String where) {
        Dataset<Row> ours = sameIds(table, "topk_ids", columns, where);
        assertThat(metric(ours, "scanFallbackEncoding") + metric(ours, "scanFallbackSchema"))
                .as("splits of %s read by Spark", table)
                .isZero();
    }

    private static Dataset<Row> sameIds(Path table, String ids, String columns, String where) {
        String sql = String.format(HASH, table, ids, columns, where);
        Dataset<Row> ours = TestSpark.query("auto", table, sql);
        assertThat(ours.queryExecution().executedPlan().toString()).contains("by Spark MoE");
        List<Row> wanted = TestSpark.query("spark", table, sql).collectAsList();
        assertThat(ours.collectAsList())
                .as("%s where %s of %s", columns, where, table)
                .isEqualTo(wanted);
        return ours;
    }

    @Test
    void codecsAndPageVersions() {
        for (String codec : List.of("none", "snappy", "lz4_raw", "zstd", "gzip")) {
            for (String version : List.of("v1", "v2")) {
                same(
                        write(
                                rows(3000, 256, "int"),
                                Map.of(
                                        "compression",
                                        codec,
                                        "parquet.writer.version",
                                        version,
                                        "parquet.page.size",
                                        "2000")),
                        "id, layer",
                        "true");
            }
        }
    }

    @Test
    void widthsOfIds() {
        for (String type : List.of("tinyint", "smallint", "int")) {
            same(write(rows(2000, 100, type), Map.of()), "1", "true");
        }
        same(write(rows(2000, 384, "int"), Map.of()), "id", "true");
        same(write(rows(2000, 384, "smallint"), Map.of("parquet.enable.dictionary", "false")), "id", "true");
        same(write(rows(2000, 70_000, "int"), Map.of("parquet.enable.dictionary", "false")), "layer", "true");
    }

    @Test
    void splitsBatchesAndFilters() {
        Path table = smallPages(this, rows(8_000, 256, "int"));
        for (String split : List.of("128m", "7001")) {
            SPARK.conf().set("spark.sql.files.maxPartitionBytes", split);
            SPARK.conf().set("spark.sql.parquet.columnarReaderBatchSize", split.equals("7001") ? "37" : "4096");
            same(table, "1", "true");
            same(table, "id, layer", "true");
            same(table, "id", "id BETWEEN 300 AND 310 OR id BETWEEN 1500 AND 1510 OR id > 7990 OR id = 5000");
        }
        same(table, "id, layer, _metadata.row_index", "id > 4000 AND layer = 3");
        same(table, "_metadata.row_index, _metadata.file_path", "true");
        same(table, "id", "id < 0");
    }

    @Test
    void longRows() {
        Dataset<Row> rows = SPARK.range(0, 60, 1, 1)
                .selectExpr(
                        "id", "transform(sequence(1, 3000), i -> cast(pmod(xxhash64(id, i), 256) AS INT)) topk_ids");
        same(write(rows, Map.of()), "id", "true");
        same(smallPages(this, rows), "id", "id % 5 = 1");
    }

    @Test
    void partitionsAndEmptyTables() {
        Path to = folder.resolve("partitioned");
        rows(3000, 256, "int").write().partitionBy("layer").parquet(to.toString());
        same(to, "layer", "true");
        same(to, "layer", "layer IN (2, 4) AND id > 100");
        same(write(rows(0, 256, "int"), Map.of()), "id", "true");
    }

    private static long metric(Dataset<Row> rows, String key) {
        return PlanMetrics.of(rows).get(key);
    }

    @Test
    void whatCannotBeDecodedIsLeftToSparkAndCounted() {
        Path delta = write(
                rows(500, 256, "int"), Map.of("parquet.enable.dictionary", "false", "parquet.writer.version", "v2"));
        Path good = write(rows(700, 256, "int"), Map.of());
        Path mixed = folder.resolve("mixed");
        for (Path part : List.of(delta, good)) {
            SPARK.read().parquet(part.toString()).write().mode("append").parquet(mixed.toString());
        }
        String sql = String.format(HASH, delta, "topk_ids", "id", "true");
        Dataset<Row> ours = TestSpark.query("auto", delta, sql);
        assertThat(ours.collectAsList())
                .isEqualTo(TestSpark.query("spark", delta, sql).collectAsList());
        assertThat(metric(ours, "scanFallbackEncoding")).isPositive();
        assertThat(metric(ours, "scanIds")).isZero();

        Path narrow = write(rows(400, 100, "smallint"), Map.of());
        Path both = folder.resolve("both");
        SPARK.read()
                .parquet(narrow.toString())
                .write()
                .parquet(both.resolve("p=1").toString());
        SPARK.read()
                .parquet(good.toString())
                .write()
                .parquet(both.resolve("p=2").toString());
        SPARK.read()
                .schema("id BIGINT, layer INT, topk_ids ARRAY<INT>")
                .parquet(both.toString())
                .createOrReplaceTempView("w");
        Dataset<Row> widened = SPARK.sql("SELECT moe_expert_load(topk_ids, num_experts => 256) FROM w");
        List<Row> loads = widened.collectAsList();
        assertThat(metric(widened, "scanFallbackSchema")).isPositive();
        assertThat(metric(widened, "scanRowGroups")).isPositive();
        SPARK.conf().set("spark.moe.scan", "spark");
        try {
            assertThat(loads)
                    .isEqualTo(SPARK.sql("SELECT moe_expert_load(topk_ids, num_experts => 256) FROM w")
                            .collectAsList());
        } finally {
            SPARK.conf().unset("spark.moe.scan");
        }
    }

    /** DuckDB 1.4 and pyarrow 25: small files made once. */
    @Test
    void filesOfOtherWriters() throws IOException {
        for (String name : List.of("duckdb_nulls", "duckdb_fixed", "duckdb_v2")) {
            same(resource(name), "id", "true");
            same(resource(name), "1", "id % 3 = 1");
        }
        for (String ids : List.of("sorted_ids", "block_ids", "expert_num_tokens")) {
            Dataset<Row> ours = sameIds(resource("pyarrow_plain"), ids, "block_size", "true");
            assertThat(metric(ours, "scanIds")).isPositive();
        }
    }

    private Path resource(String name) throws IOException {
        Path to = folder.resolve(name + ".parquet");
        try (InputStream in = IdScanTest.class.getResourceAsStream("/io/sparkmoe/scan/" + name + ".parquet")) {
            Files.copy(in, to, StandardCopyOption.REPLACE_EXISTING);
        }
        return to;
    }

    @Test
    void aggregatesByLayer() {
        Path table = smallPages(this, rows(8_000, 256, "int"));
        for (String sql : List.of(
                "SELECT layer, moe_expert_load(topk_ids, num_experts => 256) FROM t GROUP BY layer ORDER BY layer",
                "SELECT layer, moe_padding_sum(ids, num_experts => 256, block_sizes => array(16)) FROM "
                        + "(SELECT layer, topk_ids ids FROM t WHERE id > 5000) GROUP BY layer ORDER BY layer",
                "SELECT moe_expert_load(ids, num_experts => 256) FROM (SELECT topk_ids ids FROM t UNION ALL "
                        + "SELECT topk_ids FROM t WHERE layer = 2)")) {
            Dataset<Row> ours = TestSpark.query("auto", table, sql);
            assertThat(ours.queryExecution().executedPlan().toString()).as(sql).contains("by Spark MoE");
            assertThat(ours.collectAsList())
                    .isEqualTo(TestSpark.query("spark", table, sql).collectAsList());
            assertThat(metric(ours, "scanIds")).as(sql).isPositive();
        }
    }

    @Test
    void onlyColumnsThatOurFunctionsRead() {
        Path table = write(rows(100, 256, "int"), Map.of());
        assertThat(TestSpark.query("auto", table, "SELECT sum(size(topk_ids)) FROM t")
                        .queryExecution()
                        .executedPlan()
                        .toString())
                .doesNotContain("by Spark MoE");
        assertThat(TestSpark.query("spark", table, "SELECT moe_expert_load(topk_ids, 256) FROM t")
                        .queryExecution()
                        .executedPlan()
                        .toString())
                .doesNotContain("by Spark MoE");
    }
}

package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.gpu.PlanMetrics;
import io.sparkmoe.spark.gpu.RequiresGpu;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.FormattedMode$;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every function and aggregate gives the same rows on both backends; plan and metrics name them. */
@RequiresGpu
class CudaRowsTest {
    private static final String BACKEND = "spark.moe.backend";

    private static SparkSession spark;
    private static String given;

    @BeforeAll
    static void table() {
        spark = TestSpark.session();
        given = spark.conf().get(BACKEND, "auto");
        RoutingTable.register(spark);
    }

    @AfterAll
    static void restore() {
        spark.conf().set(BACKEND, given);
    }

    @AfterEach
    void reset() {
        spark.conf().unset("spark.sql.parquet.enableVectorizedReader");
    }

    /** Of the ids in column %s. */
    static Stream<String> calls() {
        return Stream.of(
                "moe_align_block_size(%s, 24, 8)",
                "moe_align_block_size(%s, 24, 128)",
                "moe_align_compact(%s, 24)",
                "moe_ep_preprocess(%s, 24)",
                "moe_ep_preprocess(%s, 24, form => 'deepep')",
                "moe_expert_counts(%s, 24)",
                "moe_padding(%s, 24, array(1, 8, 16, 128))");
    }

    static Stream<String> queries() {
        Stream<String> rowWise = calls().map(call -> "SELECT id, " + call + " r FROM t ORDER BY id");
        Stream<String> groups = Stream.of("layer", "name", "id %% 700")
                .map(key ->
                        "SELECT k, moe_expert_load(ids, 24) l, moe_padding_sum(ids, 24, array(1, 16)) p FROM (SELECT "
                                + key + " k, %1$s ids FROM t) GROUP BY k ORDER BY k");
        Stream<String> all = Stream.of("SELECT moe_expert_load(%1$s, 24) l FROM t");
        return Stream.of(rowWise, groups, all).flatMap(q -> q);
    }

    private static List<String> rows(String backend, String sql) {
        spark.conf().set(BACKEND, backend);
        Dataset<Row> query = spark.sql(sql);
        assertThat(query.queryExecution().explainString(FormattedMode$.MODULE$))
                .contains("Requested backend: " + backend);
        List<String> rows = query.toJSON().collectAsList();
        query.collectAsList();
        Map<String, Long> metrics = PlanMetrics.of(query);
        String ran = backend.equals("cuda") ? "gpuBatches" : "cpuBatches";
        String other = backend.equals("cuda") ? "cpuBatches" : "gpuBatches";
        assertThat(metrics.get(ran)).as(sql + " " + metrics).isPositive();
        assertThat(metrics).as(sql).containsEntry(other, 0L).containsEntry("fallbacks", 0L);
        return rows;
    }

    @ParameterizedTest
    @MethodSource("queries")
    void bothBackendsGiveTheSameRows(String template) throws Exception {
        for (String column : RoutingTable.ID_COLUMNS) {
            String sql = String.format(template, column);
            List<String> expected = rows("cpu", sql);
            assertThat(rows("cuda", sql)).as(sql).isEqualTo(expected).isNotEmpty();
            spark.conf().set("spark.sql.parquet.enableVectorizedReader", "false");
            assertThat(rows("cuda", sql)).as("from rows: " + sql).isEqualTo(expected);
            spark.conf().unset("spark.sql.parquet.enableVectorizedReader");
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void tilesAndBatchedAlignOfComputedLists() throws Exception {
        for (String sql : List.of(
                "SELECT id, moe_grouped_gemm_tiles(moe_ep_preprocess(i32, 24).seg_indptr, 8) r FROM t WHERE i32 IS NOT NULL "
                        + "ORDER BY id",
                "SELECT id, moe_expert_counts(moe_align_block_size(i32, 24, 8).expert_ids, 24) r FROM t ORDER BY id")) {
            List<String> expected = rows("cpu", sql);
            assertThat(rows("cuda", sql)).as(sql).isEqualTo(expected).hasSizeGreaterThan(1000);
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    /** More experts than the kernels take: the CPU does it, counted, with the same rows. */
    @Test
    void tooManyExpertsForTheDeviceAreCountedAsFallbacks() {
        String sql = "SELECT id, moe_expert_counts(i32, 2000) r FROM t ORDER BY id";
        List<String> expected = rows("cpu", sql);
        spark.conf().set(BACKEND, "cuda");
        Dataset<Row> query = spark.sql(sql);
        assertThat(query.toJSON().collectAsList()).isEqualTo(expected);
        query.collectAsList();
        assertThat(PlanMetrics.of(query).get("fallbacks")).isPositive();
        assertThat(PlanMetrics.of(query)).containsEntry("gpuBatches", 0L);
    }
}

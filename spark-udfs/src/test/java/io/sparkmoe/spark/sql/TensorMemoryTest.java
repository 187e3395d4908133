package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.spark.gpu.PlanMetrics;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.SparkPlan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Slices of tensors are bounded by what comes out of them, and nothing stays allocated however a query ends. */
class TensorMemoryTest {
    private static final SparkSession SPARK = TestSpark.session();
    private static final int ROWS = 200;

    /** A row's result: 16 tokens times 8 slots of 512 fp32. */
    private static final long RESULT = 16L * 8 * 512 * 4;

    @BeforeAll
    static void table() {
        SPARK.range(0, ROWS, 1, 1)
                .selectExpr(
                        "id",
                        "transform(sequence(0, 8191), i -> cast(pmod(i * 31 + id, 256) AS float)) hidden",
                        "transform(sequence(0, 127), i -> cast(pmod(i * 7 + id, 64) AS smallint)) ids")
                .write()
                .mode("overwrite")
                .parquet("target/wide-tensors");
        SPARK.read().parquet("target/wide-tensors").createOrReplaceTempView("wide");
    }

    @AfterEach
    void reset() {
        SPARK.conf().unset("spark.moe.batch.maxBytes");
        SPARK.conf().unset("spark.sql.parquet.enableVectorizedReader");
    }

    private static final String PRE =
            "SELECT id, moe_pre_reorder(hidden, ids, ep.src2dst, topk => 8, hidden_size => 512) p, ep.reorder_topk_ids r "
                    + "FROM (SELECT *, moe_ep_preprocess(ids, 64) ep FROM wide)";

    @Test
    void slicesAreBoundedByResultBytes() throws Exception {
        SPARK.conf().set("spark.moe.batch.maxBytes", "4m");
        for (String vectorized : List.of("true", "false")) {
            SPARK.conf().set("spark.sql.parquet.enableVectorizedReader", vectorized);
            Dataset<Row> query = SPARK.sql("SELECT id, moe_silu_and_mul(p, r, 512) s FROM (" + PRE + ")");
            assertThat(query.selectExpr("sum(length(s))").first().getLong(0)).isEqualTo(ROWS * (RESULT / 2 + 8));
            query.collectAsList();
            List<SparkPlan> nodes = PlanMetrics.nodes(query);
            assertThat(nodes).hasSize(3);
            SparkPlan pre = nodes.get(1);
            assertThat(PlanMetrics.of(pre, "bytesOut")).isGreaterThanOrEqualTo(ROWS * RESULT);
            long batches = PlanMetrics.of(pre, "cpuBatches") + PlanMetrics.of(pre, "gpuBatches");
            assertThat(batches).isGreaterThanOrEqualTo(ROWS * RESULT / (4 << 20));
            // The slice, what was collected for it, and buffers that grew by doubling.
            assertThat(PlanMetrics.of(pre, "peakMemory")).isLessThan(4 * (4L << 20));
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void nothingStaysAfterAFailureOrAnEarlyStop() throws Exception {
        SPARK.conf().set("spark.moe.batch.maxBytes", "2m");
        assertThatThrownBy(() -> SPARK.sql("SELECT assert_true(id < 120), length(p) FROM (" + PRE + ")")
                        .collectAsList())
                .hasStackTraceContaining("is not true");
        assertThat(TestSpark.arrowBytes()).isZero();
        Iterator<Row> rows = SPARK.sql("SELECT * FROM (" + PRE + ") WHERE length(p) > 0 LIMIT 9")
                .toLocalIterator();
        assertThat(rows.next().getLong(0)).isNotNegative();
        assertThat(SPARK.sql(PRE + " LIMIT 3").collectAsList()).hasSize(3);
        while (rows.hasNext()) {
            rows.next();
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    /** What a failure in the upper of two nodes leaves of the lower one's results. */
    @Test
    void nothingStaysAfterABadRowUpInTheChain() throws Exception {
        assertThatThrownBy(() -> SPARK.sql(
                                "SELECT moe_silu_and_mul(p, if(id = 150, array_repeat(1, 999), r), 512) s FROM (" + PRE
                                        + ")")
                        .collectAsList())
                .hasStackTraceContaining("row 150")
                .hasStackTraceContaining("reorder_topk_ids has 999 ids");
        assertThat(TestSpark.arrowBytes()).isZero();
    }
}

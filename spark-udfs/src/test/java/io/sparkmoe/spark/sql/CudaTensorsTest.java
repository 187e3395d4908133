package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.exec.OpenBackends;
import io.sparkmoe.spark.gpu.PlanMetrics;
import io.sparkmoe.spark.gpu.RequiresGpu;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.SparkPlan;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions of activations on the GPU: the CPU's rows, and tensors that stay on the device between functions. */
@RequiresGpu
class CudaTensorsTest {
    private static final String BACKEND = "spark.moe.backend";
    private static final String ROUTED =
            " FROM (SELECT *, moe_ep_preprocess(ids, 8, form => 'deepep') ep FROM x WHERE hidden IS NOT NULL AND weights IS "
                    + "NOT NULL AND ids IS NOT NULL)";

    private static SparkSession spark;
    private static String given;

    @BeforeAll
    static void table() {
        spark = TestSpark.session();
        given = spark.conf().get(BACKEND, "auto");
        TensorTable.register(spark);
    }

    @AfterAll
    static void restore() {
        spark.conf().set(BACKEND, given);
    }

    @AfterEach
    void nothingStays() throws Exception {
        spark.conf().unset("spark.moe.tensors.inPlace");
        spark.conf().set(BACKEND, given);
        assertThat(TestSpark.arrowBytes()).isZero();
        assertThat(OpenBackends.deviceBytes()).isZero();
    }

    private static List<Row> on(String backend, String sql) {
        spark.conf().set(BACKEND, backend);
        return spark.sql(sql).collectAsList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "moe_pre_reorder(hidden, ids, ep.src2dst, 2, 6)",
                "moe_pre_reorder(mixed, ids, ep.src2dst, 2, 6, out_dtype => 'fp16')",
                "moe_pre_reorder(p16, ids, ep.src2dst, 2, 6, array(0.5f, 3f, 0.25f, 7f), 'per_expert', 2, 5, 'fp8_e4m3fn')",
                "moe_post_reorder(down, ep.src2dst, ids, weights, 2, 6, routed_scaling_factor => 2.5)",
                "moe_post_reorder(moe_pre_reorder(p16, ids, ep.src2dst, 2, 6), ep.src2dst, ids, weights, 2, 6, arithmetic "
                        + "=> 'fma16')",
                "moe_topk(logits, 8, 2).topk_ids"
            })
    void exactOnesEqualTheCpu(String call) {
        String sql =
                "SELECT id, " + (call.endsWith("ids") ? call : "hex(" + call + ")") + " y" + ROUTED + " ORDER BY id";
        assertThat(on("cuda", sql)).isNotEmpty().isEqualTo(on("cpu", sql));
    }

    @Test
    void aChainMovesOnlyItsEnds() {
        // Not sorted: Spark would run the chain twice, once to sample the order's key.
        String pre = "moe_pre_reorder(hidden, ids, ep.src2dst, 2, 6)";
        String silu = "moe_silu_and_mul(" + pre + ", ep.reorder_topk_ids, 6)";
        String chain = "SELECT id, moe_post_reorder(" + silu + ", ep.src2dst, ids, weights, 2, 3) y" + ROUTED;
        List<Row> expected = byId(on("cpu", chain));
        long[] with = moved(chain, expected);
        spark.conf().set("spark.moe.tensors.inPlace", "false");
        long[] without = moved(chain, expected);
        // What comes back either way are the few numbers that tell a call how its kernels fared.
        assertThat(without[0] - with[0])
                .as("bytes of pre_reorder's and silu_and_mul's tensors")
                .isEqualTo(on("cpu", "SELECT id, length(" + pre + ") + length(" + silu + ") - 16 y" + ROUTED).stream()
                        .mapToLong(row -> row.getInt(1))
                        .sum());
        assertThat(with[1]).as("bytes to the device").isLessThan(without[1]);
    }

    private static List<Row> byId(List<Row> rows) {
        return rows.stream()
                .sorted(Comparator.comparingLong(row -> row.getLong(0)))
                .toList();
    }

    /** Runs the chain; bytes that the lower tensors' nodes brought back, and bytes that went to the device. */
    private static long[] moved(String chain, List<Row> expected) {
        spark.conf().set(BACKEND, "cuda");
        Dataset<Row> query = spark.sql(chain);
        List<Row> rows = byId(query.collectAsList());
        assertThat(rows).hasSameSizeAs(expected);
        for (int i = 0; i < rows.size(); i++) {
            assertClose(rows.get(i), expected.get(i));
        }
        List<SparkPlan> nodes = PlanMetrics.nodes(query);
        assertThat(nodes)
                .hasSize(4)
                .allSatisfy(n -> assertThat(PlanMetrics.of(n, "gpuBatches")).isPositive());
        return new long[] {
            PlanMetrics.of(nodes.get(1), "bytesFromDevice") + PlanMetrics.of(nodes.get(2), "bytesFromDevice"),
            nodes.stream().mapToLong(n -> PlanMetrics.of(n, "bytesToDevice")).sum()
        };
    }

    private static void assertClose(Row row, Row expected) {
        float[] a = NarrowFloats.unpack(row.getAs(1));
        float[] b = NarrowFloats.unpack(expected.getAs(1));
        assertThat(a).hasSameSizeAs(b);
        for (int i = 0; i < a.length; i++) {
            boolean close = Math.abs(a[i] - b[i]) <= 1e-5 * Math.abs(b[i]) + 1e-4;
            assertThat(close || Float.compare(a[i], b[i]) == 0)
                    .as("%s and %s in row %s", a[i], b[i], row)
                    .isTrue();
        }
    }
}

package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.FormattedMode$;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every function of activations on every row against its definition: columnar and row input, batch- and row-wise. */
class TensorFunctionsTest {
    private static final SparkSession SPARK = TestSpark.session();
    private static final float[] SCALES = {0.5f, 3, 0.25f, 7};
    private static final int H = TensorTable.HIDDEN;
    private static final int K = TensorTable.TOPK;
    private static final int ALL = Integer.MAX_VALUE;

    private static final String QUERY = "SELECT id, "
            + "moe_pack_tensor(hidden, 'bf16', 6) packed, "
            + "moe_unpack_tensor(mixed) unpacked, "
            + "moe_pre_reorder(hidden, ids, ep.src2dst, 2, 6) pre, "
            + "moe_pre_reorder(mixed, ids, ep.src2dst, topk => 2, hidden_size => 6, out_dtype => 'fp16') pre16, "
            + "moe_pre_reorder(p16, ids, ep.src2dst, 2, 6, array(0.5f, 3f, 0.25f, 7f), 'per_expert', 2, 5, 'fp8_e4m3fn') "
            + "pre8, "
            + "moe_post_reorder(down, ep.src2dst, ids, weights, 2, 6, routed_scaling_factor => 2.5) post, "
            + "moe_silu_and_mul(down, ep.reorder_topk_ids, 6, start_expert => 1, end_expert => 6) silu, "
            + "moe_topk(logits, num_experts => 8, topk => 2) chosen "
            + "FROM (SELECT *, moe_ep_preprocess(ids, num_experts => 8, form => 'deepep') ep FROM x)";

    @BeforeAll
    static void table() {
        TensorTable.register(SPARK);
    }

    @AfterEach
    void reset() {
        for (String key : List.of(
                "spark.sql.parquet.enableVectorizedReader",
                "spark.moe.enabled",
                "spark.moe.batch.maxBytes",
                "spark.sql.ansi.enabled")) {
            SPARK.conf().unset(key);
        }
    }

    @ParameterizedTest
    @EnumSource(EveryFunctionTest.Path.class)
    void equalsTheDefinition(EveryFunctionTest.Path path) throws Exception {
        SPARK.conf().set("spark.sql.parquet.enableVectorizedReader", path != EveryFunctionTest.Path.ROWS);
        SPARK.conf().set("spark.moe.enabled", path != EveryFunctionTest.Path.ROW_BY_ROW);
        Dataset<Row> query = SPARK.sql(QUERY);
        String plan = query.queryExecution().explainString(FormattedMode$.MODULE$);
        switch (path) {
            case COLUMNAR -> assertThat(plan).contains("Input path: columnar").doesNotContain("Input path: rows");
            case ROWS -> assertThat(plan).contains("Input path: rows");
            default -> assertThat(plan).doesNotContain("ArrowBatchEval");
        }
        List<Row> rows = query.collectAsList();
        assertThat(rows).hasSize(TensorTable.ROWS);
        rows.forEach(TensorFunctionsTest::check);
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void slicesOfAnySizeAndAnsiGiveTheSameRows() throws Exception {
        for (String bound : new String[] {"1", "2k", "9k"}) {
            SPARK.conf().set("spark.moe.batch.maxBytes", bound);
            SPARK.conf().set("spark.sql.ansi.enabled", bound.equals("1") ? "false" : "true");
            List<Row> rows = SPARK.sql(QUERY).collectAsList();
            assertThat(rows).hasSize(TensorTable.ROWS);
            rows.forEach(TensorFunctionsTest::check);
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    private static void check(Row row) {
        long id = row.getLong(0);
        float[] hidden = TensorTable.hidden(id);
        float[] weights = TensorTable.weights(id);
        int[] ids = TensorTable.ids(id);
        bytes(row, "packed", hidden == null ? null : NarrowFloats.BF16.pack(hidden, H));
        checkUnpacked(row, hidden, TensorTable.type(id));
        if (ids == null) {
            for (String c : List.of("pre", "pre16", "pre8", "post", "silu")) {
                bytes(row, c, null);
            }
        } else {
            int[] to = TensorDefinitions.src2dst(ids);
            checkPre(row, hidden, ids, to, TensorTable.type(id));
            bytes(
                    row,
                    "post",
                    weights == null
                            ? null
                            : NarrowFloats.FP32.pack(
                                    TensorDefinitions.postReorder(
                                            TensorTable.down(id), ids, to, weights, K, H, 0, ALL, 2.5f),
                                    H));
            checkSilu(row, id, ids);
        }
        checkTopk(row, TensorTable.logits(id));
    }

    private static void checkUnpacked(Row row, float[] hidden, NarrowFloats type) {
        if (hidden == null) {
            assertThat(row.isNullAt(row.fieldIndex("unpacked"))).isTrue();
            return;
        }
        float[] expected = new float[hidden.length];
        for (int i = 0; i < hidden.length; i++) {
            expected[i] = type.round(hidden[i]);
        }
        assertThat(floats(row.getList(row.fieldIndex("unpacked")))).isEqualTo(expected);
    }

    private static void checkPre(Row row, float[] hidden, int[] ids, int[] to, NarrowFloats type) {
        if (hidden == null) {
            List.of("pre", "pre16", "pre8").forEach(c -> bytes(row, c, null));
            return;
        }
        float[] rounded = rounded(hidden, type);
        float[] half = rounded(hidden, NarrowFloats.FP16);
        bytes(row, "pre", NarrowFloats.FP32.pack(TensorDefinitions.preReorder(hidden, ids, to, K, H, null, 0, ALL), H));
        bytes(
                row,
                "pre16",
                NarrowFloats.FP16.pack(TensorDefinitions.preReorder(rounded, ids, to, K, H, null, 0, ALL), H));
        bytes(
                row,
                "pre8",
                NarrowFloats.FP8_E4M3FN.pack(TensorDefinitions.preReorder(half, ids, to, K, H, SCALES, 2, 5), H));
    }

    private static float[] rounded(float[] values, NarrowFloats type) {
        float[] out = new float[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = type.round(values[i]);
        }
        return out;
    }

    private static void checkSilu(Row row, long id, int[] ids) {
        float[] expected = TensorDefinitions.siluAndMul(
                TensorTable.down(id), TensorDefinitions.reorderTopkIds(ids), H, 1, 6, NarrowFloats.FP32);
        byte[] packed = row.getAs("silu");
        float[] actual = NarrowFloats.unpack(packed);
        assertThat(Arrays.copyOf(packed, 8)).isEqualTo(NarrowFloats.FP32.pack(new float[0], H / 2));
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], offset(2 * Math.ulp(expected[i])));
        }
    }

    private static void checkTopk(Row row, float[] logits) {
        Row chosen = row.getStruct(row.fieldIndex("chosen"));
        int[] ids = TensorDefinitions.topkIds(logits, TensorTable.EXPERTS, K);
        double[] weights = TensorDefinitions.softmaxWeights(logits, TensorTable.EXPERTS, K, ids);
        assertThat(chosen.<Integer>getList(0).stream()
                        .mapToInt(Integer::intValue)
                        .toArray())
                .isEqualTo(ids);
        float[] actual = floats(chosen.getList(1));
        assertThat(actual).hasSize(weights.length);
        for (int i = 0; i < actual.length; i++) {
            assertThat((double) actual[i]).isCloseTo(weights[i], offset(1e-6 * weights[i] + Float.MIN_NORMAL));
        }
    }

    private static void bytes(Row row, String column, byte[] expected) {
        assertThat(row.<byte[]>getAs(column))
                .as("%s of row %d", column, row.getLong(0))
                .isEqualTo(expected);
    }

    private static float[] floats(List<Float> list) {
        float[] out = new float[list.size()];
        List<Float> copy = new ArrayList<>(list);
        for (int i = 0; i < out.length; i++) {
            out[i] = copy.get(i);
        }
        return out;
    }
}

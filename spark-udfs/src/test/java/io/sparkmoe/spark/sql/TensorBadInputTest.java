package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Wrong calls of functions of activations are refused at analysis, data that does not fit at run time, by row. */
class TensorBadInputTest {
    private static final SparkSession SPARK = TestSpark.session();

    @BeforeAll
    static void tables() {
        TensorTable.register(SPARK);
        SPARK.sql("SELECT id, array(1f, 2f, 3f, 4f) h, array(0, 1) ids, array(0, 1) dst, array(0.5f, 0.5f) w, "
                        + "moe_pack_tensor(array(1f, 2f, 3f, 4f), 'fp16', 2) p FROM range(0, 20, 1, 1)")
                .write()
                .mode("overwrite")
                .parquet("target/bad-tensors");
        SPARK.read().parquet("target/bad-tensors").createOrReplaceTempView("g");
    }

    @AfterEach
    void reset() {
        SPARK.conf().unset("spark.moe.enabled");
    }

    static Stream<Arguments> wrongCalls() {
        String pre = "moe_pre_reorder(hidden, ids, ids, ";
        return Stream.of(
                Arguments.of(
                        "moe_pack_tensor(hidden, 'fp64', 6)", "dtype is one of 'fp32', 'fp16', 'bf16', 'fp8_e4m3fn'"),
                Arguments.of("moe_pack_tensor(hidden, 'fp16', 0)", "last_dim must be at least 1, got 0"),
                Arguments.of("moe_pack_tensor(hidden, 'fp16')", "parameter 'last_dim' is missing"),
                Arguments.of("moe_pack_tensor(ids, 'fp16', 6)", "values is an array of float or packed binary"),
                Arguments.of("moe_pack_tensor(array(1.5), 'fp16', 1)", "cast it to array<float>"),
                Arguments.of("moe_unpack_tensor(layer)", "packed is an array of float or packed binary"),
                Arguments.of(pre + "0, 6)", "topk must be at least 1, got 0"),
                Arguments.of(pre + "2, 0)", "hidden_size must be at least 1, got 0"),
                Arguments.of(pre + "layer, 6)", "topk must be a constant"),
                Arguments.of(pre + "2, 6, start_expert => -1)", "start_expert -1"),
                Arguments.of(pre + "2, 6, start_expert => 5, end_expert => 2)", "start_expert 5 and end_expert 2"),
                Arguments.of(pre + "2, 6, out_dtype => 'int8')", "out_dtype is one of 'fp32'"),
                Arguments.of(pre + "2, 6, scale_mode => 'per_row')", "scale_mode is one of 'none', 'per_expert'"),
                Arguments.of(pre + "2, 6, scale_mode => 'scalar')", "a1_scales is not given"),
                Arguments.of(pre + "2, 6, a1_scales => weights)", "scale_mode says 'none'"),
                Arguments.of("moe_pre_reorder(ids, ids, ids, 2, 6)", "hidden is an array of float or packed binary"),
                Arguments.of("moe_pre_reorder(hidden, hidden, ids, 2, 6)", "topk_ids is an array of tinyint"),
                Arguments.of("moe_pre_reorder(hidden, ids, hidden, 2, 6)", "src2dst is an array of int or bigint"),
                Arguments.of(
                        "moe_post_reorder(down, ids, ids, weights, 2, 6, arithmetic => 'fp16')",
                        "arithmetic is one of 'fp32', 'w16', 'fma16', 'fma16_scaled'"),
                Arguments.of(
                        "moe_post_reorder(down, ids, ids, weights, 2, 6, arithmetic => 'fma16', routed_scaling_factor "
                                + "=> 2.0)",
                        "knows no routed_scaling_factor"),
                Arguments.of("moe_post_reorder(down, ids, ids, ids, 2, 6)", "topk_weights is an array of float"),
                Arguments.of("moe_silu_and_mul(down, ids, 5)", "even, got 5"),
                Arguments.of("moe_topk(logits, 8, 9)", "topk must be in [1, 8]"),
                Arguments.of("moe_topk(logits, 0, 1)", "num_experts must be in [1, 65535], got 0"),
                Arguments.of("moe_topk(logits, 8, 2, renormalize => 'yes')", "renormalize must be true or false"),
                Arguments.of("moe_topk(logits, 8, 2, scoring => 'relu')", "scoring is one of 'softmax', 'sigmoid'"),
                Arguments.of("moe_topk(logits, 8, 2, correction_bias => array(1.0))", "correction_bias has 1 entries"),
                Arguments.of("moe_topk(logits, 8, 2, correction_bias => 1.0)", "must be an array of numbers"),
                Arguments.of("moe_topk(logits, 8, 2, num_expert_group => 4)", "num_expert_group and topk_group belong"),
                Arguments.of("moe_topk(logits, 8, 2, num_expert_group => 3, topk_group => 1)", "does not divide"));
    }

    @ParameterizedTest
    @MethodSource("wrongCalls")
    void wrongCallsAreRefusedAtAnalysis(String call, String message) {
        assertThatThrownBy(() -> SPARK.sql("SELECT " + call + " FROM x"))
                .isInstanceOf(AnalysisException.class)
                .hasMessageContaining(message)
                .hasMessageContaining(call.substring(0, call.indexOf('(')));
    }

    private static Arguments pre(String hidden, String ids, String dst, String... message) {
        return Arguments.of("moe_pre_reorder(" + hidden + ", " + ids + ", " + dst + ", 1, 2)", List.of(message));
    }

    private static String at7(String bad, String good) {
        return "if(id = 7, " + bad + ", " + good + ")";
    }

    static Stream<Arguments> badData() {
        String scaled = "moe_pre_reorder(h, ids, dst, 1, 2, %s, 'per_expert', end_expert => 1)";
        return Stream.of(
                pre(at7("array(1f, 2f, 3f)", "h"), "ids", "dst", "hidden", "3", "hidden_size 2"),
                pre(at7("array(1f, NULL, 3f, 4f)", "h"), "ids", "dst", "position 1", "hidden has a NULL element"),
                pre("h", at7("array(0)", "ids"), "dst", "topk_ids", "num_tokens 2"),
                pre("h", "ids", at7("array(0)", "dst"), "src2dst has 1 entries"),
                pre("h", "ids", at7("array(0, 2)", "dst"), "src2dst", "2"),
                pre("h", "ids", at7("array(1, 1)", "dst"), "src2dst", "1"),
                pre("h", "ids", at7("array(0L, 4294967296L)", "array(0L, 1L)"), "src2dst 4294967296", "32 bits"),
                pre(at7("unhex('E2020000020000003C')", "p"), "ids", "dst", "1 bytes of values", "fp16"),
                pre(at7("unhex('E207000002000000')", "p"), "ids", "dst", "unknown dtype code 7"),
                pre(at7("unhex('E10101')", "p"), "ids", "dst", "3 bytes", "alone has 8"),
                pre(at7("unhex('E101010101010101')", "p"), "ids", "dst", "packed ids (moe_pack_ids)"),
                pre(at7("unhex('AB01010101010101')", "p"), "ids", "dst", "byte 0 must be 0xE2, got 0xAB"),
                pre(at7("unhex('E202010002000000')", "p"), "ids", "dst", "bytes 2 and 3 must be 0"),
                pre(at7("unhex('E202000003000000')", "p"), "ids", "dst", "last_dim 3", "the call says 2"),
                pre(at7("unhex('E204000002000000')", "p"), "ids", "dst", "hidden is fp8_e4m3fn"),
                Arguments.of(String.format(scaled, at7("array(1f, 0f)", "w")), List.of("scale 0.0", "positive")),
                Arguments.of(String.format(scaled, at7("array(-1f, 1f)", "w")), List.of("scale -1.0", "position 0")),
                Arguments.of(
                        String.format(scaled, at7("array(1f, cast('Infinity' AS float))", "w")), List.of("Infinity")),
                Arguments.of(String.format(scaled, at7("array(1f)", "w")), List.of("1 scales")),
                Arguments.of(
                        "moe_post_reorder(h, dst, ids, " + at7("array(1f)", "w") + ", 1, 2)",
                        List.of("topk_weights has 1 entries")),
                Arguments.of(
                        "moe_post_reorder(h, " + at7("array(0, 9)", "dst") + ", ids, w, 1, 2)",
                        List.of("src2dst", "9")),
                Arguments.of(
                        "moe_silu_and_mul(h, " + at7("array(0, 1, 2)", "ids") + ", 2)",
                        List.of("reorder_topk_ids has 3")),
                Arguments.of(
                        "moe_topk(" + at7("array(1f, 2f, 3f)", "h") + ", 2, 1)",
                        List.of("router_logits has 3 elements")),
                Arguments.of(
                        "moe_pack_tensor(" + at7("array(1f, 2f, 3f)", "h") + ", 'fp16', 2)",
                        List.of("values has 3 elements", "last_dim 2")));
    }

    @ParameterizedTest
    @MethodSource("badData")
    void badDataNamesItsRow(String call, List<String> message) throws Exception {
        for (String enabled : List.of("true", "false")) {
            SPARK.conf().set("spark.moe.enabled", enabled);
            Throwable error = failure("SELECT " + call + " FROM g");
            assertThat(error.getMessage())
                    .contains(call.substring(0, call.indexOf('(')))
                    .contains(enabled.equals("true") ? "row 7" : "evaluated alone: row 0")
                    .contains(message);
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    /** The complaint that has the function's name. */
    private static Throwable failure(String sql) {
        try {
            SPARK.sql(sql).collectAsList();
            return new AssertionError("no failure");
        } catch (Exception e) {
            Throwable t = e;
            while (!(t instanceof IllegalArgumentException) && t.getCause() != null) {
                t = t.getCause();
            }
            return t;
        }
    }
}

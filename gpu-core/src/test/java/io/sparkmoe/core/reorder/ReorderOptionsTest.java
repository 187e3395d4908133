package io.sparkmoe.core.reorder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Locale;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ReorderOptionsTest {
    private static void refused(ThrowingCallable options, String message) {
        assertThatThrownBy(options).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
    }

    @Test
    void sizesArePositive() {
        refused(() -> PreReorderOptions.of(0, 4, TensorType.FP16), "topk must be at least 1, got 0");
        refused(() -> PreReorderOptions.of(1, -4, TensorType.FP16), "hidden_size must be at least 1, got -4");
        refused(() -> PostReorderOptions.of(0, 4), "topk must be at least 1, got 0");
        refused(() -> SiluAndMulOptions.of(0, TensorType.FP16), "hidden_size must be at least 1, got 0");
        refused(
                () -> SiluAndMulOptions.of(7, TensorType.FP16),
                "hidden_size of moe_silu_and_mul is the length of a gateup_output row, gate and up together, and therefore "
                        + "even, got 7");
    }

    @Test
    void aRangeMayBeEmptyButNotInsideOut() {
        assertThat(new ExpertRange(5, 4).contains(4)).isFalse();
        assertThat(new ExpertRange(5, 4).experts()).isZero();
        assertThat(ExpertRange.ALL.contains(-1)).isFalse();
        String rule = " are no range: start_expert is at least 0, end_expert (inclusive) at least start_expert, or "
                + "start_expert - 1 for no expert at all";
        refused(() -> new ExpertRange(5, 3), "start_expert 5 and end_expert 3" + rule);
        refused(() -> new ExpertRange(-1, 3), "start_expert -1 and end_expert 3" + rule);
    }

    @Test
    void aFactorIsFiniteAndNotForFma16() {
        refused(
                () -> new PostReorderOptions(1, 4, ExpertRange.ALL, Float.NaN, Arithmetic.FP32),
                "routed_scaling_factor must be finite, got NaN");
        refused(
                () -> new PostReorderOptions(1, 4, ExpertRange.ALL, 2.5f, Arithmetic.FMA16),
                "arithmetic => 'fma16' knows no routed_scaling_factor, got 2.5: use 'fma16_scaled', 'w16' or 'fp32'");
    }

    private static TopkOptions topk(int experts, int topk, float[] bias, int groups, int topkGroup, float factor) {
        return new TopkOptions(experts, topk, Scoring.SIGMOID, false, bias, groups, topkGroup, factor);
    }

    @Test
    void topkFitsItsExpertsAndGroups() {
        refused(() -> TopkOptions.of(0, 1), "num_experts must be in [1, 65535], got 0");
        refused(() -> TopkOptions.of(8, 9), "topk must be in [1, 8] (num_experts), got 9");
        refused(() -> topk(8, 1, null, 3, 1, 1), "num_expert_group 3 does not divide num_experts 8");
        refused(() -> topk(8, 1, null, 4, 5, 1), "topk_group must be in [1, 4] (num_expert_group), got 5");
        refused(() -> topk(8, 5, null, 4, 2, 1), "topk must be in [1, 4] (the experts of topk_group groups), got 5");
        refused(
                () -> topk(4, 1, new float[4], 4, 2, 1),
                "num_expert_group 4 leaves one expert a group: with correction_bias a group's score is the sum of its two "
                        + "largest");
        refused(() -> topk(8, 1, null, 1, 1, Float.NaN), "routed_scaling_factor must be finite, got NaN");
    }

    @Test
    void aBiasIsOneFiniteNumberAnExpert() {
        refused(
                () -> topk(8, 1, new float[7], 1, 1, 1),
                "correction_bias has 7 entries but num_experts is 8: it needs one entry an expert");
        refused(
                () -> topk(2, 1, new float[] {0, Float.POSITIVE_INFINITY}, 1, 1, 1),
                "correction_bias[1] must be finite, got Infinity");
        float[] bias = {1, 2};
        TopkOptions options = topk(2, 1, bias, 1, 1, 1);
        bias[0] = 5;
        assertThat(options.correctionBias()).containsExactly(1, 2);
        assertThat(options).isEqualTo(topk(2, 1, new float[] {1, 2}, 1, 1, 1)).isNotEqualTo(TopkOptions.of(2, 1));
        assertThat(options).hasSameHashCodeAs(topk(2, 1, new float[] {1, 2}, 1, 1, 1));
    }

    @Test
    void resultsAreBoundedIn64Bits() {
        assertThat(PreReorderOptions.of(8, 7168, TensorType.FP32).maxResultBytes(1L << 30, 1 << 20))
                .isEqualTo(8 + (7168L << 22));
        assertThat(PostReorderOptions.of(8, 7168).maxResultBytes(0, 16)).isEqualTo(8 + 2 * 7168 * 4);
        assertThat(SiluAndMulOptions.of(64, TensorType.FP8_E4M3FN).maxResultBytes(640, 10))
                .isEqualTo(8 + 320);
        assertThat(TopkOptions.of(64, 8).maxResultBytes(128, 0)).isEqualTo(8 + 2 * 8 * 8);
    }

    @Test
    void typesHaveNamesAndCodes() {
        for (TensorType type : TensorType.values()) {
            assertThat(TensorType.ofCode(type.code())).isEqualTo(type);
            assertThat(TensorType.parse(type.sqlName().toUpperCase(Locale.ROOT)))
                    .isEqualTo(type);
        }
        refused(
                () -> TensorType.ofCode(5),
                "tensor type code 5 is none of 1 (fp32), 2 (fp16), 3 (bf16), 4 (fp8_e4m3fn)");
        refused(() -> TensorType.parse("int8"), "dtype 'int8' is none of fp32, fp16, bf16, fp8_e4m3fn");
    }
}

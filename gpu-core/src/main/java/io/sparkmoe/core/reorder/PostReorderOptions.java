package io.sparkmoe.core.reorder;

/**
 * Options of {@link ReorderBackend#postReorder}. The result has the input's type.
 *
 * @param topk slots of a token, at least 1
 * @param hiddenSize elements of a row of down_output, at least 1
 * @param routedScalingFactor finite; 1 with {@link Arithmetic#FMA16}, whose kernels know none
 */
public record PostReorderOptions(
        int topk, int hiddenSize, ExpertRange experts, float routedScalingFactor, Arithmetic arithmetic)
        implements TensorOptions {
    public PostReorderOptions {
        Shapes.positive("topk", topk);
        Shapes.positive("hidden_size", hiddenSize);
        Shapes.finite("routed_scaling_factor", routedScalingFactor);
        if (arithmetic == Arithmetic.FMA16 && routedScalingFactor != 1) {
            throw new IllegalArgumentException("arithmetic => 'fma16' knows no routed_scaling_factor, got "
                    + routedScalingFactor + ": use 'fma16_scaled', 'w16' or 'fp32'");
        }
    }

    /** All experts, fp32 arithmetic. */
    public static PostReorderOptions of(int topk, int hiddenSize) {
        return new PostReorderOptions(topk, hiddenSize, ExpertRange.ALL, 1, Arithmetic.FP32);
    }

    @Override
    public long maxResultBytes(long elements, long ids) {
        return 8 + ids / topk * hiddenSize * TensorType.FP32.bytes();
    }
}

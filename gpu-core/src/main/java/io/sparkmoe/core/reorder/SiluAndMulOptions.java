package io.sparkmoe.core.reorder;

/**
 * Options of {@link ReorderBackend#siluAndMul}.
 *
 * @param hiddenSize elements of a row of gateup_output, gate and up together as in SGLang's kernel; even. A result row has
 *     half as many
 * @param outType any type
 */
public record SiluAndMulOptions(int hiddenSize, boolean scaled, ExpertRange experts, TensorType outType)
        implements TensorOptions {
    public SiluAndMulOptions {
        Shapes.positive("hidden_size", hiddenSize);
        if (hiddenSize % 2 != 0) {
            throw new IllegalArgumentException(
                    "hidden_size of moe_silu_and_mul is the length of a gateup_output row, gate"
                            + " and up together, and therefore even, got " + hiddenSize);
        }
    }

    /** No scales, all experts. */
    public static SiluAndMulOptions of(int hiddenSize, TensorType outType) {
        return new SiluAndMulOptions(hiddenSize, false, ExpertRange.ALL, outType);
    }

    @Override
    public long maxResultBytes(long elements, long ids) {
        return 8 + elements / 2 * outType.bytes();
    }
}

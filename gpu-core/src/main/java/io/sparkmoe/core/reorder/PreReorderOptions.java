package io.sparkmoe.core.reorder;

/**
 * Options of {@link ReorderBackend#preReorder}.
 *
 * @param topk slots of a token, at least 1
 * @param hiddenSize elements of a token's row, at least 1
 * @param outType any type
 */
public record PreReorderOptions(int topk, int hiddenSize, ScaleMode scaleMode, ExpertRange experts, TensorType outType)
        implements TensorOptions {
    public PreReorderOptions {
        Shapes.positive("topk", topk);
        Shapes.positive("hidden_size", hiddenSize);
    }

    /** No scales, all experts. */
    public static PreReorderOptions of(int topk, int hiddenSize, TensorType outType) {
        return new PreReorderOptions(topk, hiddenSize, ScaleMode.NONE, ExpertRange.ALL, outType);
    }

    @Override
    public long maxResultBytes(long elements, long ids) {
        return 8 + ids * hiddenSize * outType.bytes();
    }
}

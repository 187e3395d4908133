package io.sparkmoe.core.examples;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorBatchBuilder;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.reorder.TopkResult;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * The data half of expert parallelism without Spark: router logits and hidden states in, tokens out. A result is the next
 * operator's operand where it lies, on a GPU in its memory; only the last one is asked for on the host.
 *
 * <p>The experts' matrix products are left out, so that every expert passes on what it gets: the two halves of a token's row
 * are gate and up. Needs on the class path what {@link AlignExample} needs.
 */
public final class ReorderExample {
    private final int numExperts;
    private final int topk;
    private final int hiddenSize;

    /**
     * @param hiddenSize elements of a token's row, even
     */
    public ReorderExample(int numExperts, int topk, int hiddenSize) {
        this.numExperts = numExperts;
        this.topk = topk;
        this.hiddenSize = hiddenSize;
    }

    /**
     * One segment through all five operators.
     *
     * @param logits [num_tokens, numExperts]
     * @param hidden [num_tokens, hiddenSize], carried as fp16
     * @return [num_tokens, hiddenSize / 2]
     */
    public float[] run(float[] logits, float[] hidden) {
        RoutingBackends.Choice choice = RoutingBackends.open(RoutingBackends.Request.AUTO, false);
        try (RoutingBackend routing = choice.backend();
                BufferAllocator allocator = new RootAllocator();
                TensorBatchBuilder routerLogits = new TensorBatchBuilder(allocator);
                TensorBatchBuilder hiddenStates = new TensorBatchBuilder(allocator)) {
            routerLogits.addSegment(logits);
            hiddenStates.reset(TensorType.FP16, 0);
            hiddenStates.addSegment(hidden);
            return chain(routing, routerLogits.build(), hiddenStates.build(), allocator);
        }
    }

    private float[] chain(RoutingBackend routing, TensorBatch logits, TensorBatch hidden, BufferAllocator allocator) {
        ReorderBackend reorder = routing.reorder();
        var ep = EpPreprocessOptions.of(IdOptions.of(numExperts), EpForm.SGLANG);
        var pre = PreReorderOptions.of(topk, hiddenSize, TensorType.FP16);
        var silu = SiluAndMulOptions.of(hiddenSize, TensorType.FP16);
        var post = PostReorderOptions.of(topk, hiddenSize / 2);
        try (TopkResult chosen = reorder.topk(logits, TopkOptions.of(numExperts, topk), allocator);
                TensorBatchBuilder weights = new TensorBatchBuilder(allocator)) {
            weights.addSegment(floats(chosen.topkWeights().ints(0)));
            RoutingBatch ids = chosen.topkIds().asBatch(0);
            try (EpPreprocessResult maps = routing.epPreprocess(ids, ep, allocator)) {
                RoutingBatch src2dst = maps.src2dst().asBatch(0);
                RoutingBatch sortedIds = maps.reorderTopkIds().asBatch(0);
                try (TensorResult gateup = reorder.preReorder(hidden, ids, src2dst, null, pre, allocator);
                        TensorResult down = reorder.siluAndMul(gateup, sortedIds, null, silu, allocator);
                        TensorResult out = reorder.postReorder(down, ids, src2dst, weights.build(), post, allocator)) {
                    return values(out.host());
                }
            }
        }
    }

    private static float[] floats(int[] bits) {
        float[] out = new float[bits.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = Float.intBitsToFloat(bits[i]);
        }
        return out;
    }

    private static float[] values(TensorBatch batch) {
        float[] out = new float[(int) batch.elements(0)];
        for (int i = 0; i < out.length; i++) {
            out[i] = batch.value(batch.start(0) + i);
        }
        return out;
    }

    /** Two tokens with hidden states of four, each to two of three experts. */
    public static void main(String[] args) {
        float[] logits = {2, 0, 1, 0, 0, 3};
        float[] hidden = {1, 2, 3, 4, -1, -2, -3, -4};
        System.out.println(Arrays.toString(new ReorderExample(3, 2, 4).run(logits, hidden)));
    }
}

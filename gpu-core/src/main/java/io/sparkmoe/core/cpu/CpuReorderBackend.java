package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.ReorderChecks;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.reorder.TopkResult;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** The reorder operators on the calling thread's core. */
final class CpuReorderBackend implements ReorderBackend {
    @Override
    public TensorResult preReorder(
            Activations hidden,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            @Nullable TensorBatch scales,
            PreReorderOptions options,
            BufferAllocator allocator) {
        ReorderChecks.preReorder(hidden, topkIds, src2dst, scales, options);
        throw new UnsupportedOperationException("pre_reorder");
    }

    @Override
    public TensorResult postReorder(
            Activations downOutput,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            TensorBatch topkWeights,
            PostReorderOptions options,
            BufferAllocator allocator) {
        ReorderChecks.postReorder(downOutput, topkIds, src2dst, topkWeights, options);
        throw new UnsupportedOperationException("post_reorder");
    }

    @Override
    public TensorResult siluAndMul(
            Activations gateup,
            RoutingBatch reorderTopkIds,
            @Nullable TensorBatch scales,
            SiluAndMulOptions options,
            BufferAllocator allocator) {
        ReorderChecks.siluAndMul(gateup, reorderTopkIds, scales, options);
        throw new UnsupportedOperationException("silu_and_mul");
    }

    @Override
    public TopkResult topk(Activations logits, TopkOptions options, BufferAllocator allocator) {
        ReorderChecks.topk(logits, options);
        throw new UnsupportedOperationException("topk");
    }
}

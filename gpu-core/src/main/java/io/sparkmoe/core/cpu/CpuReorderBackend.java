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

/** The reorder operators on the calling thread's core. Rows go through fp32 in tiles that stay in the nearest cache. */
final class CpuReorderBackend implements ReorderBackend {
    private final WarmMemory memory;

    CpuReorderBackend(WarmMemory memory) {
        this.memory = memory;
    }

    @Override
    public TensorResult preReorder(
            Activations hidden,
            RoutingBatch topkIds,
            RoutingBatch src2dst,
            @Nullable TensorBatch scales,
            PreReorderOptions options,
            BufferAllocator allocator) {
        ReorderChecks.preReorder(hidden, topkIds, src2dst, scales, options);
        return memory.answer(allocator, new PreReorder(onHost(hidden), topkIds, src2dst, scales, options)::run);
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
        return memory.answer(
                allocator, new PostReorder(onHost(downOutput), topkIds, src2dst, topkWeights, options)::run);
    }

    @Override
    public TensorResult siluAndMul(
            Activations gateup,
            RoutingBatch reorderTopkIds,
            @Nullable TensorBatch scales,
            SiluAndMulOptions options,
            BufferAllocator allocator) {
        ReorderChecks.siluAndMul(gateup, reorderTopkIds, scales, options);
        return memory.answer(allocator, new SiluAndMul(onHost(gateup), reorderTopkIds, scales, options)::run);
    }

    @Override
    public TopkResult topk(Activations logits, TopkOptions options, BufferAllocator allocator) {
        ReorderChecks.topk(logits, options);
        return memory.answer(allocator, new Topk(onHost(logits), options)::run);
    }

    private static TensorBatch onHost(Activations activations) {
        return activations instanceof TensorResult result ? result.host() : (TensorBatch) activations;
    }
}

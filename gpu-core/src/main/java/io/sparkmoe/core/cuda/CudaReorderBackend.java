package io.sparkmoe.core.cuda;

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
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The operators over activations on the device of a {@link CudaRoutingBackend}. A result stays there, until it is closed,
 * for the next operator to read; what had to be cut because device memory is short comes to the host part by part.
 */
final class CudaReorderBackend implements ReorderBackend {
    private final DeviceCalls calls;
    private final PinnedResults results;
    private final ReorderBackend cpu;

    CudaReorderBackend(DeviceCalls calls, PinnedResults results, ReorderBackend cpu) {
        this.calls = calls;
        this.results = results;
        this.cpu = cpu;
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
        PreReorderCall call = new PreReorderCall(hidden, topkIds, src2dst, scales, options, tensorCalls(allocator));
        return answer(hidden, options.hiddenSize(), topkIds, call, allocator);
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
        PostReorderCall call =
                new PostReorderCall(downOutput, topkIds, src2dst, topkWeights, options, tensorCalls(allocator));
        return answer(downOutput, options.hiddenSize(), topkIds, call, allocator);
    }

    @Override
    public TensorResult siluAndMul(
            Activations gateup,
            RoutingBatch reorderTopkIds,
            @Nullable TensorBatch scales,
            SiluAndMulOptions options,
            BufferAllocator allocator) {
        ReorderChecks.siluAndMul(gateup, reorderTopkIds, scales, options);
        SiluAndMulCall call = new SiluAndMulCall(gateup, reorderTopkIds, scales, options, tensorCalls(allocator));
        return answer(gateup, options.hiddenSize(), reorderTopkIds, call, allocator);
    }

    @Override
    public TopkResult topk(Activations logits, TopkOptions options, BufferAllocator allocator) {
        ReorderChecks.topk(logits, options);
        long ids = logits.totalElements() / options.numExperts() * options.topk();
        TensorCalls tensors = tensorCalls(allocator);
        if (options.numExperts() > TopkCall.MOST_EXPERTS || ids > Integer.MAX_VALUE) {
            calls.activity().fallbacks++;
            return cpu.topk(logits, options, allocator);
        }
        try (ArrowBuf offsets = allocator.buffer(4L * (logits.segments() + 1L))) {
            RoutingBatch lists = TopkCall.results(logits, options, offsets);
            return calls.answer(lists, new TopkCall(logits, lists, options, tensors), tensors.buffers());
        }
    }

    private TensorCalls tensorCalls(BufferAllocator allocator) {
        return new TensorCalls(calls, cpu, allocator, results.chargedTo(allocator));
    }

    /** The kernels count rows, and a block a piece of a row, in 31 bits. */
    private TensorResult answer(
            Activations input, int hidden, RoutingBatch ids, TensorCall call, BufferAllocator allocator) {
        long rows = Math.max(input.totalElements() / hidden, ids.totalIds());
        if (ReorderShapes.pieces(rows, hidden) > Integer.MAX_VALUE || (long) hidden * Float.BYTES > Integer.MAX_VALUE) {
            calls.activity().fallbacks++;
            return call.onCpu(ids);
        }
        return calls.answer(ids, call, results.chargedTo(allocator));
    }
}

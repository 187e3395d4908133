package io.sparkmoe.core.contract;

import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdType;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** Operands that fit each other, to be made unfit: two segments, topk 2, hidden_size 4. */
final class ReorderOperands {
    private static final int TOPK = 2;
    private static final int HIDDEN_SIZE = 4;

    TensorType type = TensorType.FP16;
    IdType src2dstType = IdType.INT32;
    TensorType weightType = TensorType.FP32;
    ScaleMode scaleMode = ScaleMode.NONE;
    Arithmetic arithmetic = Arithmetic.FP32;
    ExpertRange experts = ExpertRange.ALL;

    @Nullable
    List<float[]> scales;

    final List<int[]> rows;
    final List<int[]> topkIds = new ArrayList<>(List.of(new int[] {1, 0}, new int[] {0, 3, 2, 1}));
    final List<int[]> src2dst = new ArrayList<>(List.of(new int[] {1, 0}, new int[] {0, 3, 2, 1}));
    final List<int[]> reorderTopkIds = new ArrayList<>(List.of(new int[] {1}, new int[] {0, 3}));
    final List<float[]> weights = new ArrayList<>(List.of(new float[2], new float[4]));

    /**
     * @param rowASlot rows for post_reorder, not for pre_reorder and silu_and_mul
     */
    ReorderOperands(boolean rowASlot) {
        int perToken = HIDDEN_SIZE * (rowASlot ? TOPK : 1);
        rows = new ArrayList<>(List.of(new int[perToken], new int[2 * perToken]));
    }

    void experts(int start, int end) {
        experts = new ExpertRange(start, end);
    }

    /** Makes the batch longer by copies of its first segment. */
    void repeat(int times) {
        for (int i = 0; i < times; i++) {
            rows.add(rows.get(0));
            topkIds.add(topkIds.get(0));
            src2dst.add(src2dst.get(0));
            reorderTopkIds.add(reorderTopkIds.get(0));
            weights.add(weights.get(0));
        }
    }

    private @Nullable TensorBatch scales(ReorderArena arena) {
        return scales == null ? null : arena.floats(scales);
    }

    TensorResult pre(ReorderBackend backend, ReorderArena arena, BufferAllocator allocator) {
        return backend.preReorder(
                arena.tensor(type, rows),
                arena.ids(IdType.INT32, topkIds),
                arena.ids(src2dstType, src2dst),
                scales(arena),
                new PreReorderOptions(TOPK, HIDDEN_SIZE, scaleMode, experts, TensorType.FP16),
                allocator);
    }

    TensorResult post(ReorderBackend backend, ReorderArena arena, BufferAllocator allocator) {
        return backend.postReorder(
                arena.tensor(type, rows),
                arena.ids(IdType.INT32, topkIds),
                arena.ids(src2dstType, src2dst),
                arena.tensor(
                        weightType, weights.stream().map(ReorderArena::bits).toList()),
                new PostReorderOptions(TOPK, HIDDEN_SIZE, experts, 1, arithmetic),
                allocator);
    }

    TensorResult silu(ReorderBackend backend, ReorderArena arena, BufferAllocator allocator) {
        return backend.siluAndMul(
                arena.tensor(type, rows),
                arena.ids(IdType.INT32, reorderTopkIds),
                scales(arena),
                new SiluAndMulOptions(HIDDEN_SIZE, scales != null, experts, TensorType.FP16),
                allocator);
    }
}

package io.sparkmoe.core.contract;

import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdType;
import java.util.List;

/**
 * Seeded operands of pre_reorder and post_reorder.
 *
 * @param rows bits of each segment's matrix: tokens for pre_reorder, experts' rows for post_reorder
 * @param scales a list a segment of numbers that are fit for scales, more than any mode needs
 * @param weights a weight a slot
 * @param lead elements that lie before the first segment
 */
record ReorderCase(
        String name,
        TensorType type,
        IdType idType,
        int topk,
        int hiddenSize,
        ExpertRange experts,
        List<int[]> rows,
        List<int[]> topkIds,
        List<int[]> src2dst,
        List<float[]> scales,
        List<float[]> weights,
        int lead) {
    @Override
    public String toString() {
        return name;
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.reorder.ExpertRange;

/**
 * The last arguments of the reorder kernels: which slots are selected and what rows they name, and their scales.
 *
 * @param ids device address of int32 ids, or 0: src2dst holds rows of the whole batch, -1 for slots not selected
 * @param src2dst device address of int32, one a slot
 * @param rows rows that slots may name
 * @param named device address of a bit a row, zero before; or 0
 * @param scales device address of fp32, or 0
 * @param scaleMode of {@link KernelCodes}, or {@link #PER_SLOT}
 */
record ReorderSlots(
        long ids,
        long src2dst,
        ExpertRange experts,
        int rows,
        long named,
        long tally,
        long scales,
        int scaleMode,
        int scaleCount) {
    /** Reciprocals of scales, one a slot. */
    static final int PER_SLOT = 4;

    /** Appends the slots; those made ready have noted their rows. */
    KernelArguments addTo(KernelArguments arguments) {
        return arguments
                .address(ids)
                .address(src2dst)
                .i32(experts.start())
                .i32(experts.end())
                .i32(rows)
                .address(ids == 0 ? 0 : named)
                .address(tally);
    }

    /** Appends the slots and the scales. */
    KernelArguments addScaledTo(KernelArguments arguments) {
        return addTo(arguments).address(scales).i32(scaleMode).i32(scaleCount);
    }
}

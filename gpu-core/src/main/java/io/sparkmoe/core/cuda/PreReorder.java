package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.ReorderShapes.Pre;
import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;

/**
 * Launches pre_reorder, and the zeroing of rows that no slot names.
 *
 * @param in device address of the tokens' rows
 * @param out device address of the slots' rows
 */
record PreReorder(ReorderShapes.Work work, long in, long out) {
    private static final String PLAIN = "pre_reorder";
    private static final String BULK = "pre_reorder_sm90";
    private static final String SCALED = "pre_reorder_scaled_sm90";
    private static final int ZERO_THREADS = 256;

    void launch(Lane lane, ReorderSlots slots) {
        Pre kernel = ReorderShapes.pre(work);
        LaunchConfig config = ReorderShapes.launch(work, kernel);
        String type = work.in().sqlName();
        switch (kernel) {
            case ANY -> {
                slots.addScaledTo(anyRows(lane));
                lane.launch(PLAIN, "pre_reorder_any", config);
            }
            case COPY -> {
                slots.addTo(vectors(lane));
                lane.launch(PLAIN, "pre_reorder_copy", config);
            }
            case SCALED, SCALED_WIDE -> {
                slots.addScaledTo(vectors(lane));
                String width = kernel == Pre.SCALED ? "_v4" : "_v14";
                lane.launch(SCALED, "pre_reorder_scaled_" + type + width, config);
            }
            case BULK, TO_FP8 -> {
                slots.addTo(pieces(lane, kernel));
                lane.launch(BULK, kernel == Pre.BULK ? "pre_reorder_bulk" : "pre_reorder_fp8_" + type, config);
            }
            case SCALED_TO_FP8 -> {
                KernelArguments arguments =
                        lane.arguments().address(in).address(out).i32(work.vectors());
                slots.addScaledTo(arguments.i32(work.topk()).i32(evictFirst(kernel)));
                lane.launch(SCALED, "pre_reorder_scaled8_" + type, config);
            }
        }
        zeroOthers(lane, slots);
    }

    private KernelArguments anyRows(Lane lane) {
        return lane.arguments()
                .address(in)
                .i32(work.in().code())
                .address(out)
                .i32(work.out().code())
                .i32(work.hidden())
                .i32(ReorderShapes.piece(work.hidden()))
                .i32(work.topk());
    }

    private KernelArguments vectors(Lane lane) {
        return lane.arguments()
                .address(in)
                .address(out)
                .i32(work.vectors())
                .i32((int) work.tokens())
                .i32(work.topk());
    }

    private KernelArguments pieces(Lane lane, Pre kernel) {
        int piece = ReorderShapes.pieceBytes(work.rowBytes());
        return lane.arguments()
                .address(in)
                .address(out)
                .i32((int) work.tokens())
                .i32(work.topk())
                .i32(ReorderShapes.group(work.topk()))
                .i32(work.rowBytes())
                .i32(piece)
                .i32(ReorderShapes.ceil(work.rowBytes(), piece))
                .i32(evictFirst(kernel));
    }

    private int evictFirst(Pre kernel) {
        return ReorderShapes.evictFirst(work, kernel) ? 1 : 0;
    }

    private void zeroOthers(Lane lane, ReorderSlots slots) {
        int each = ReorderShapes.zeroedRows(work.local(), work.topk());
        lane.arguments()
                .address(out)
                .i64((long) work.hidden() * work.out().bytes())
                .i32(slots.rows())
                .i32(each)
                .address(slots.named());
        lane.launch(PLAIN, "zero_unnamed", LaunchConfig.of(ReorderShapes.ceil(slots.rows(), each), ZERO_THREADS, 0));
    }
}

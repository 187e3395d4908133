package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.reorder.PostReorderOptions;

/**
 * Launches post_reorder.
 *
 * @param in device address of the rows that slots name
 * @param weights device address of fp32, one a slot
 * @param out device address of the tokens' rows
 */
record PostReorder(ReorderShapes.Work work, PostReorderOptions options, long in, long weights, long out) {
    void launch(Lane lane, ReorderSlots slots) {
        String kernel = ReorderShapes.post(work, options.arithmetic());
        KernelArguments arguments = lane.arguments().address(in).address(out);
        boolean bulk = kernel.contains("bulk");
        if (bulk) {
            arguments.i32(work.rowBytes());
        } else if (kernel.contains("rows")) {
            arguments.i32(work.vectors()).i32((int) work.tokens());
        } else {
            arguments.i32(work.in().code()).i32(work.hidden()).i32(ReorderShapes.piece(work.hidden()));
        }
        arguments
                .i32(work.topk())
                .address(weights)
                .i32(KernelCodes.of(options.arithmetic()))
                .f32(options.routedScalingFactor());
        slots.addTo(arguments);
        lane.launch(bulk ? "post_reorder_sm90" : "post_reorder", kernel, ReorderShapes.launch(work, kernel));
    }
}

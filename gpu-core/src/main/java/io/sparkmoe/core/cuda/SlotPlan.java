package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBatch;

/**
 * The slots of a batch on their way to the reorder kernels, which take one segment of int32 ids as it is; others are made
 * ready by a launch of their own.
 *
 * @param src2dst device address of int32, one a slot; 0: slot i of a segment names row i
 * @param rowOffsets device address of int64 [segments + 1]: rows before each segment
 * @param rows rows that slots may name, of all segments
 * @param named device address of a bit a row, zero; or 0
 */
record SlotPlan(
        DeviceBatch ids,
        long src2dst,
        ExpertRange experts,
        int topk,
        long rowOffsets,
        int rows,
        long named,
        DeviceScales scales,
        boolean direct) {
    private static final String KERNEL = "reorder_slots";
    private static final int THREADS = 256;
    private static final int SAMPLES = 4096;

    /** Uploads slots and makes room for the bits. */
    static SlotPlan upload(
            RoutingBatch ids,
            RoutingBatch src2dst,
            ExpertRange experts,
            int topk,
            long[] rowOffsets,
            DeviceScales scales,
            Lane lane) {
        int rows = (int) rowOffsets[ids.segments()];
        return new SlotPlan(
                lane.upload(ids),
                lane.upload(src2dst.address(0), Integer.BYTES * src2dst.totalIds()),
                experts,
                topk,
                lane.upload(rowOffsets),
                rows,
                lane.takeZeroed(Integer.BYTES * ((rows + 31L) / 32)),
                scales,
                ids.segments() == 1 && ids.type() == IdType.INT32);
    }

    /** What the kernels take; launches what makes it so. There are slots. */
    ReorderSlots ready(Lane lane) {
        if (direct) {
            int mode = KernelCodes.of(scales.mode());
            return new ReorderSlots(
                    ids.ids(), src2dst, experts, rows, named, lane.tally(), scales.values(), mode, scales.count());
        }
        int n = (int) ids.totalIds();
        long row = lane.take((long) Integer.BYTES * n);
        long reciprocals = scales.any() ? lane.take((long) Float.BYTES * n) : 0;
        launch(lane, row, reciprocals);
        int mode = scales.any() ? ReorderSlots.PER_SLOT : KernelCodes.of(ScaleMode.NONE);
        return new ReorderSlots(0, row, experts, rows, named, lane.tally(), reciprocals, mode, n);
    }

    /** Writes int32 rows and, where there are scales, fp32 reciprocals. */
    void launch(Lane lane, long row, long reciprocals) {
        int n = (int) ids.totalIds();
        KernelArguments arguments = lane.arguments()
                .address(ids.ids())
                .i32(ids.type())
                .address(src2dst)
                .address(ids.offsets())
                .i32(ids.segments())
                .i32(n)
                .i32(topk)
                .address(rowOffsets)
                .i32(experts.start())
                .i32(experts.end());
        arguments
                .address(scales.values())
                .i32(KernelCodes.of(scales.mode()))
                .address(scales.offsets())
                .i32(scales.lists())
                .address(row)
                .address(reciprocals)
                .address(named)
                .address(lane.tally());
        lane.launch(KERNEL, KERNEL, LaunchConfig.of((n - 1) / THREADS + 1, THREADS, 0));
    }

    /** The share of slots whose id is in the range, by a look at a few thousand. */
    static double localShare(RoutingBatch ids, ExpertRange experts) {
        long n = ids.totalIds();
        long step = n / SAMPLES + 1;
        long local = 0;
        for (long i = 0; i < n; i += step) {
            local += experts.contains(ids.id(ids.start(0) + i)) ? 1 : 0;
        }
        return n == 0 ? 0 : (double) local / ((n - 1) / step + 1);
    }
}

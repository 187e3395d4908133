package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;

/**
 * Launches padding sums: adds the padding figures of a batch to sums that stay on the device.
 *
 * @param numSizes block sizes of the call
 * @param blockSizes device address of int32 [numSizes]
 * @param scratch device address of the counts of long segments
 * @param slots device address of int32 [segments]
 * @param sums device address of int64 [slots][numSizes + 3]: blocks of each size, segments, used ids, active experts
 */
record PaddingSums(
        DeviceBatch batch,
        int numExperts,
        int numSizes,
        boolean anyLong,
        long blockSizes,
        long scratch,
        long slots,
        long sums) {
    private static final String FILE = "padding_sums";

    /** Takes device memory for a call. */
    static PaddingSums plan(DeviceBatch batch, int numExperts, int[] blockSizes, long slots, long sums, Lane lane) {
        boolean anyLong = batch.longest() >= CountingShapes.LONG;
        return new PaddingSums(
                batch,
                numExperts,
                blockSizes.length,
                anyLong,
                lane.upload(blockSizes, blockSizes.length),
                lane.take(anyLong ? Padding.scratchBytes(batch.totalIds(), numExperts) : 0),
                slots,
                sums);
    }

    /** Adds to the lane's tally. The batch has segments. */
    void launch(Lane lane) {
        int span = CountingShapes.span(batch.segments(), lane.multiprocessors());
        for (int first = 0; first < numSizes; first += CountingShapes.ROUND) {
            rows(lane, first, span);
            if (anyLong && first == 0) {
                Counting.arguments(lane, batch).i32(numExperts).address(scratch).address(lane.tally());
                lane.launch(FILE, FILE + "_long", Counting.stream(lane, FILE, FILE + "_long", batch, numExperts));
            }
            if (anyLong) {
                finish(lane, first, span);
            }
        }
    }

    private void rows(Lane lane, int first, int span) {
        int sizes = Math.min(CountingShapes.ROUND, numSizes - first);
        launch(
                lane,
                "_rows",
                CountingShapes.paddingRows(batch.segments(), numExperts, sizes, span),
                () -> Counting.arguments(lane, batch)
                        .address(slots)
                        .i32(numExperts)
                        .i32(span)
                        .address(blockSizes)
                        .i32(numSizes)
                        .i32(first)
                        .address(scratch)
                        .address(sums)
                        .address(lane.tally()));
    }

    private void finish(Lane lane, int first, int span) {
        launch(
                lane,
                "_finish",
                CountingShapes.paddingFinish(batch.segments(), numExperts, span),
                () -> lane.arguments()
                        .address(batch.offsets())
                        .i32(batch.segments())
                        .address(slots)
                        .i32(numExperts)
                        .i32(span)
                        .address(blockSizes)
                        .i32(numSizes)
                        .i32(first)
                        .address(scratch)
                        .address(sums));
    }

    private static void launch(Lane lane, String step, LaunchConfig shape, Runnable arguments) {
        String name = FILE + step;
        int resident = Counting.resident(lane, FILE, name, shape.blockX(), shape.sharedBytes());
        arguments.run();
        lane.launch(FILE, name, CountingShapes.atMost(shape, resident));
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;

/**
 * Launches padding: one launch a round of 32 block sizes, and two more where a segment is long.
 *
 * @param numSizes block sizes of the call
 * @param blockSizes device address of int32 [numSizes]
 * @param scratch device address of the counts of long segments
 * @param blocks device address of int64 [segments][numSizes]
 * @param slots device address of int64 [segments][numSizes]
 * @param used device address of int64 [segments]
 * @param activeExperts device address of int32 [segments]
 */
record Padding(
        DeviceBatch batch,
        int numExperts,
        int numSizes,
        boolean anyLong,
        long blockSizes,
        long scratch,
        long blocks,
        long slots,
        long used,
        long activeExperts) {
    private static final String FILE = "padding";

    /** Takes device memory for a call. */
    static Padding plan(DeviceBatch batch, int numExperts, int[] blockSizes, Lane lane) {
        long cells = 8L * batch.segments() * blockSizes.length;
        boolean anyLong = batch.longest() >= CountingShapes.LONG;
        return new Padding(
                batch,
                numExperts,
                blockSizes.length,
                anyLong,
                lane.upload(blockSizes, blockSizes.length),
                lane.take(anyLong ? scratchBytes(batch.totalIds(), numExperts) : 0),
                lane.take(cells),
                lane.take(cells),
                lane.take(8L * batch.segments()),
                lane.take(4L * batch.segments()));
    }

    /** A row of int64 counts for every segment that may be long. */
    static long scratchBytes(long ids, int numExperts) {
        return 8 * (ids / CountingShapes.LONG + 1) * numExperts;
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
        String name = FILE + "_rows";
        int sizes = Math.min(CountingShapes.ROUND, numSizes - first);
        LaunchConfig shape = CountingShapes.paddingRows(batch.segments(), numExperts, sizes, span);
        int resident = Counting.resident(lane, FILE, name, shape.blockX(), shape.sharedBytes());
        Counting.arguments(lane, batch)
                .i32(numExperts)
                .i32(span)
                .address(blockSizes)
                .i32(numSizes)
                .i32(first)
                .address(scratch)
                .address(blocks)
                .address(slots)
                .address(used)
                .address(activeExperts)
                .address(lane.tally());
        lane.launch(FILE, name, CountingShapes.atMost(shape, resident));
    }

    private void finish(Lane lane, int first, int span) {
        lane.arguments()
                .address(batch.offsets())
                .i32(batch.segments())
                .i32(numExperts)
                .i32(span)
                .address(blockSizes)
                .i32(numSizes)
                .i32(first)
                .address(scratch)
                .address(blocks)
                .address(slots)
                .address(used)
                .address(activeExperts);
        lane.launch(FILE, FILE + "_finish", CountingShapes.paddingFinish(batch.segments(), numExperts, span));
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;

/**
 * Where each segment's list begins when ids are left out, and lists are yet to lie back to back (segment_offsets.cu).
 *
 * @param offsets device address of int32 [segments + 1], from 0 on
 */
record KeptOffsets(long kept, long offsets, long status) {
    private static final String FILE = "segment_offsets";
    private static final int TILE = 2048;
    private static final int THREADS = 256;
    private static final int LONG_ON_AVERAGE = 1024;

    static KeptOffsets plan(DeviceBatch batch, Lane lane) {
        int rows = batch.segments();
        return new KeptOffsets(
                lane.takeZeroed(4L * rows),
                lane.take(4L * (rows + 1L)),
                lane.takeZeroed(8L * (Shapes.ceilDiv(rows, TILE) + 1L)));
    }

    /**
     * Launches after the large segments were counted.
     *
     * @param fromBin first bin whose ids are in the lists
     */
    void launch(DeviceKeys keys, LargeSegments large, int fromBin, Lane lane) {
        int rows = keys.batch().segments();
        int warps = keys.batch().totalIds() / rows > LONG_ON_AVERAGE ? 8 : 1;
        keys.arguments(lane)
                .i32(rows)
                .i32(warps)
                .i32(fromBin)
                .address(large.segments())
                .i32(large.plan().count())
                .address(large.totals())
                .address(kept);
        lane.launch(FILE, "kept_counts", new LaunchConfig(Shapes.ceilDiv((long) rows * warps, 8), 1, THREADS, 0));
        lane.arguments().address(kept).i32(rows).address(offsets).address(status);
        lane.launch(FILE, FILE, new LaunchConfig(Shapes.ceilDiv(rows, TILE), 1, THREADS, 0));
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;
import org.jspecify.annotations.Nullable;

/**
 * Launches the compact align: warps for short segments, blocks for others, the large launches for the rest.
 *
 * @param sorted device address of int32, as many as there are ids
 * @param binOffsets device address of int32 [segments][bins + 1]
 */
record AlignCompact(DeviceKeys keys, LargeSegments large, SegmentClasses classes, long sorted, long binOffsets) {
    private static final String FILE = "align_compact";
    private static final int WARP_UP_TO = 1024;
    private static final int WARP_THREADS = 128;

    /** Takes device memory for a call. */
    static AlignCompact plan(DeviceKeys keys, Lane lane) {
        DeviceBatch batch = keys.batch();
        return new AlignCompact(
                keys,
                LargeSegments.prepare(keys, lane),
                SegmentClasses.of(batch.host(), WARP_UP_TO, LargePlan.from(batch.host())),
                lane.take(4 * batch.totalIds() + 16),
                lane.take(4L * batch.segments() * (keys.plan().bins() + 1L)));
    }

    /**
     * Adds to the lane's tally.
     *
     * @param kept where lists begin when ids are left out; null: where the ids do
     */
    void launch(@Nullable KeptOffsets kept, Lane lane) {
        if (large.any()) {
            large.launch(keys, lane);
        }
        long outOffsets = keys.batch().offsets();
        if (kept != null) {
            kept.launch(keys, large, 0, lane);
            outOffsets = kept.offsets();
        }
        int bins = keys.plan().bins();
        int[] warp = classes.warp();
        if (warp.length > 0) {
            LaunchConfig config = new LaunchConfig(
                    Shapes.ceilDiv(warp.length, 4), 1, WARP_THREADS, 8 * (Shapes.row(bins) + WARP_UP_TO));
            launch("_warp" + (bins <= Shapes.BINS_8 ? "_b8" : "_b10"), config, warp, outOffsets, lane);
        }
        int[] block = classes.block();
        if (block.length > 0) {
            BlockShape shape = BlockShape.of(classes.longest(), bins, lane.maxSharedBytes());
            launch(shape.variant(), shape.config(block.length), block, outOffsets, lane);
        }
        if (large.any()) {
            large.writeArguments(keys, lane)
                    .i32(1)
                    .address(0)
                    .address(sorted)
                    .address(0)
                    .address(0)
                    .address(0)
                    .address(0)
                    .address(outOffsets)
                    .address(binOffsets);
            lane.launch("large_write", "large_write" + large.writeVariant(bins), large.writeConfig(bins));
        }
    }

    private void launch(String variant, LaunchConfig config, int[] list, long outOffsets, Lane lane) {
        long listAt = SegmentClasses.upload(list, keys.batch().segments(), lane);
        keys.arguments(lane)
                .address(listAt)
                .i32(list.length)
                .address(outOffsets)
                .address(sorted)
                .address(binOffsets)
                .i32(0)
                .address(lane.tally());
        lane.launch(FILE, FILE + variant, config);
    }
}

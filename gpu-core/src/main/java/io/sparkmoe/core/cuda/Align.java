package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.routing.RoutingBatch;

/**
 * Launches align: align_segments (every segment's place, and the small ones), between the launches of the large ones.
 * Outputs are sized for the most that the batch could pad to.
 */
record Align(
        DeviceKeys keys,
        int blockSize,
        LargeSegments large,
        long sorted,
        long experts,
        long postPad,
        long sortedOffsets,
        long expertOffsets,
        long status) {
    private static final String FILE = "align_segments";

    private static final int NARROW = 8;
    private static final int WIDE = 32;
    private static final int WIDE_ITEMS = 8;

    /** Short segments are sorted by narrow blocks, in one pass up to 512 or 1,024 ids. */
    private static final int SHORT = 1024;

    /** Longer than this a segment keeps a narrow block busy when the others are done. */
    private static final int LONG = 8192;

    /** Takes device memory for a call. */
    static Align plan(DeviceKeys keys, int blockSize, Lane lane) {
        int rows = keys.batch().segments();
        long blocks = 0;
        for (int s = 0; s < rows; s++) {
            blocks += mostBlocks(keys.batch().host().length(s), keys.plan().bins(), blockSize);
        }
        long entries = blocks * blockSize;
        return new Align(
                keys,
                blockSize,
                LargeSegments.prepare(keys, lane),
                // 16-byte stores may start before a segment's end, never past the buffer's.
                lane.take(4 * entries + 16),
                lane.take(4 * blocks + 16),
                lane.take(4L * rows),
                lane.take(8L * (rows + 1L)),
                lane.take(8L * (rows + 1L)),
                lane.takeZeroed(8L * (rows + 1L)));
    }

    /** Whether positions inside every segment stay 32 bits, as the kernels need. */
    static boolean fits(RoutingBatch batch, int bins, int blockSize) {
        for (int s = 0; s < batch.segments(); s++) {
            if (mostBlocks(batch.length(s), bins, blockSize) * blockSize > Integer.MAX_VALUE) {
                return false;
            }
        }
        return true;
    }

    /** Most blocks of n ids: every bin used may have one that is not full. */
    static long mostBlocks(long n, int bins, int blockSize) {
        long used = Math.min(n, bins);
        return used + (n - used) / blockSize;
    }

    void launch(Lane lane) {
        AlignAlone alone = AlignAlone.of(keys, blockSize, lane);
        if (alone != null) {
            outputs(alone.arguments(keys, lane)).address(lane.tally());
            lane.launch(alone.file(), alone.kernel(), alone.config());
            return;
        }
        if (large.any()) {
            large.launch(keys, lane);
        }
        if (!large.lone()) {
            segments(lane);
        }
        if (large.any()) {
            writeLarge(lane);
        }
    }

    private void segments(Lane lane) {
        int bins = keys.plan().bins();
        int rows = keys.batch().segments();
        int longest = keys.batch().longest();
        boolean narrow = (longest <= LONG && keys.batch().totalIds() <= (long) SHORT * rows)
                || Shapes.sortShared(WIDE, WIDE_ITEMS, bins) > lane.maxSharedBytes();
        int warps = narrow ? NARROW : WIDE;
        int items = !narrow ? WIDE_ITEMS : longest <= SHORT / 2 && bins <= Shapes.BINS_8 ? 2 : 4;
        KernelArguments arguments = keys.arguments(lane)
                .i32(keys.batch().segments())
                .i32(blockSize)
                .address(keys.keyValue())
                .address(large.segments())
                .i32(large.plan().count())
                .address(large.totals());
        outputs(arguments).address(status).address(lane.tally());
        lane.launch(
                FILE,
                FILE + "_w" + warps + "_i" + items + (bins <= Shapes.BINS_8 ? "_b8" : "_b10"),
                new LaunchConfig(rows, 1, 32 * warps, Shapes.sortShared(warps, items, bins)));
    }

    private void writeLarge(Lane lane) {
        int bins = keys.plan().bins();
        outputs(large.writeArguments(keys, lane).i32(blockSize).address(keys.keyValue()))
                .address(0)
                .address(0);
        lane.launch("large_write", "large_write" + large.writeVariant(bins), large.writeConfig(bins));
    }

    private KernelArguments outputs(KernelArguments arguments) {
        return arguments
                .address(sorted)
                .address(experts)
                .address(postPad)
                .address(sortedOffsets)
                .address(expertOffsets);
    }
}

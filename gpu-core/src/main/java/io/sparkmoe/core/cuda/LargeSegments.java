package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;

/**
 * Counts the large segments of a batch, chunk by chunk, for the launch that writes them (large_segments.cu).
 *
 * @param lone whether the batch is one large segment: kernels then need no work list
 * @param loneIds the length of that segment, else 0
 * @param work device address of the work list, 0 when lone
 * @param segments device address of int32 [L], 0 when there are none
 * @param counts device address of uint32 [chunks][row]
 * @param totals device address of uint32 [L][bins + 3]
 */
record LargeSegments(
        LargePlan plan,
        boolean lone,
        int loneIds,
        long work,
        long segments,
        long firstChunk,
        long counts,
        long totals) {
    private static final String FILE = "large_segments";
    private static final int COUNT_THREADS = 512;
    private static final int SCAN_THREADS = 256;
    private static final int SCAN_KEYS = 8;

    /** Uploads the plan and takes scratch. */
    static LargeSegments prepare(DeviceKeys keys, Lane lane) {
        LargePlan plan =
                LargePlan.of(keys.batch().host(), keys.plan().bins(), lane.multiprocessors(), lane.maxSharedBytes());
        if (!plan.any()) {
            return new LargeSegments(plan, false, 0, 0, 0, 0, 0, 0);
        }
        boolean lone = keys.batch().segments() == 1;
        int bins = keys.plan().bins();
        return new LargeSegments(
                plan,
                lone,
                lone ? keys.batch().host().length(0) : 0,
                lone ? 0 : lane.upload(plan.work(), plan.work().length),
                lane.upload(plan.segments(), plan.count()),
                lone ? 0 : lane.upload(plan.firstChunk(), plan.count() + 1),
                lane.take(4L * plan.chunks() * Shapes.row(bins)),
                lane.take(4L * plan.count() * (bins + 3)));
    }

    boolean any() {
        return plan.any();
    }

    /** Launches large_count and large_scan. */
    void launch(DeviceKeys keys, Lane lane) {
        int bins = keys.plan().bins();
        int experts = keys.plan().numExperts();
        int copies = experts <= 256 ? 4 : 2;
        keys.arguments(lane)
                .address(work)
                .i32(loneIds)
                .i32(plan.chunkIds())
                .i32(copies)
                .address(counts);
        lane.launch(
                FILE,
                "large_count",
                new LaunchConfig(plan.chunks(), 1, COUNT_THREADS, 4 * (copies * (experts + 2) + Shapes.row(bins))));
        lane.arguments()
                .i32(bins)
                .address(firstChunk)
                .i32(lone ? plan.chunks() : 0)
                .address(counts)
                .address(totals)
                .address(lane.tally());
        lane.launch(
                FILE,
                "large_scan",
                new LaunchConfig(Shapes.ceilDiv(Shapes.row(bins), SCAN_KEYS), plan.count(), SCAN_THREADS, 0));
    }

    /** Starts the arguments of a writing launch: KEYS, work, lone_ids, chunk_ids, counts, totals. */
    KernelArguments writeArguments(DeviceKeys keys, Lane lane) {
        return keys.arguments(lane)
                .address(work)
                .i32(loneIds)
                .i32(plan.chunkIds())
                .address(counts)
                .address(totals);
    }

    /** The shape of ep_large. */
    LaunchConfig config(int bins) {
        return config(plan.items(), bins);
    }

    /** The shape of large_write, whose variant for the fewest bins has smaller tiles. */
    LaunchConfig writeConfig(int bins) {
        return config(plan.warps() == 16 && bins <= Shapes.BINS_7 ? 16 : plan.items(), bins);
    }

    private LaunchConfig config(int items, int bins) {
        return new LaunchConfig(plan.chunks(), 1, 32 * plan.warps(), Shapes.sortShared(plan.warps(), items, bins));
    }

    /** The end of large_write's name: warps a block and bits of a key. */
    String writeVariant(int bins) {
        return plan.warps() == 16 && bins > Shapes.BINS_8 && bins <= Shapes.BINS_9 ? "_w16_b9" : variant(bins);
    }

    /** The end of ep_large's name. */
    String variant(int bins) {
        int bits = bins <= Shapes.BINS_7 ? 7 : bins <= Shapes.BINS_8 ? 8 : 10;
        if (plan.warps() == 8) {
            bits = bins <= Shapes.BINS_8 ? 8 : 10;
        }
        return "_w" + plan.warps() + "_b" + bits;
    }
}

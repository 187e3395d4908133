package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;

/** Launch configurations of the counting kernels, as data; src/main/cuda/README.md gives the kernels' side. */
final class CountingShapes {
    /** A segment of this many ids is counted by all blocks, a shorter one by a warp. */
    static final int LONG = 2048;

    /** From this mean length on, expert load streams segment after segment. */
    static final int STREAMED = 4096;

    /** Block sizes that one padding launch takes. */
    static final int ROUND = 32;

    static final int STREAM_THREADS = 512;
    static final int LOAD_ROWS_THREADS = 1024;
    private static final int COUNTS_THREADS = 256;
    private static final int PADDING_THREADS = 128;
    private static final int LIST_THREADS = 256;
    private static final int OFFSETS_THREADS = 1024;

    /** Bytes that the list of a group of segments takes in expert_load_rows. */
    private static final int LISTED_BYTES = 8192;

    /** Left free for the kernels' own variables. */
    private static final int STATIC_SHARED = 1024;

    /** Ids and segments below which a block is not worth its start. */
    private static final int LEAST_SHARE = 8192;

    private static final int MAX_SPAN = 32;
    private static final int WAVES = 16;

    private CountingShapes() {}

    /** Consecutive segments that a warp takes: a power of two that still gives every multiprocessor 32 warps. */
    static int span(int segments, int multiprocessors) {
        int span = 1;
        while (span < MAX_SPAN && 2L * span * 32 * multiprocessors <= segments) {
            span *= 2;
        }
        return span;
    }

    /** Shared memory of a block's histogram: four, of the bins of the experts and two more, or of 256 codes. */
    static int histogramBytes(int numExperts) {
        return 4 * Integer.BYTES * Math.max(numExperts + 2, 256);
    }

    /** Blocks that share a batch's ids evenly, at most as many as run at once. */
    static LaunchConfig shares(long ids, int segments, int threads, int sharedBytes, int residentBlocks) {
        long wanted = (ids + segments + LEAST_SHARE - 1) / LEAST_SHARE;
        return LaunchConfig.of((int) Math.max(1, Math.min(residentBlocks, wanted)), threads, sharedBytes);
    }

    /** Slots that a block of expert_load_rows caches, a power of two: all of them where memory allows. */
    static int cachedSlots(int numExperts, int slots, int maxSharedBytes) {
        long room = maxSharedBytes - STATIC_SHARED - LISTED_BYTES - histogramBytes(numExperts);
        int cached = 1;
        while (cached < slots && 2L * cached * cachedSlotBytes(numExperts) <= room) {
            cached *= 2;
        }
        return cachedSlotBytes(numExperts) <= room ? cached : 0;
    }

    private static int cachedSlotBytes(int numExperts) {
        return Integer.BYTES * (numExperts + 3);
    }

    static int loadRowsShared(int numExperts, int cached) {
        return histogramBytes(numExperts) + LISTED_BYTES + cached * cachedSlotBytes(numExperts);
    }

    static LaunchConfig countsRows(int segments, int numExperts, int span) {
        int warps = COUNTS_THREADS / 32;
        return LaunchConfig.of(
                Shapes.ceilDiv(segments, (long) warps * span),
                COUNTS_THREADS,
                warps * Integer.BYTES * (numExperts + 2));
    }

    static LaunchConfig paddingRows(int segments, int numExperts, int sizes, int span) {
        int warps = PADDING_THREADS / 32;
        int shared = warps * (Integer.BYTES * (numExperts + 2) + 32 * Short.BYTES * sizes);
        return LaunchConfig.of(Shapes.ceilDiv(segments, (long) warps * span), PADDING_THREADS, shared);
    }

    static LaunchConfig paddingFinish(int segments, int numExperts, int span) {
        int warps = PADDING_THREADS / 32;
        return LaunchConfig.of(
                Shapes.ceilDiv(segments, (long) warps * span), PADDING_THREADS, warps * Integer.BYTES * numExperts);
    }

    /** The same with at most so many blocks, which go on with the segments that are left. */
    static LaunchConfig atMost(LaunchConfig config, int blocks) {
        return LaunchConfig.of(Math.max(1, Math.min(config.gridX(), blocks)), config.blockX(), config.sharedBytes());
    }

    /** A warp a list. */
    static LaunchConfig listScan(int lists) {
        return LaunchConfig.of(Shapes.ceilDiv(lists, LIST_THREADS / 32), LIST_THREADS, 0);
    }

    static LaunchConfig listOffsets() {
        return LaunchConfig.of(1, OFFSETS_THREADS, 0);
    }

    /** So many threads, in a few waves of blocks that go on with the next. */
    static LaunchConfig listWrite(long threads, int multiprocessors) {
        long blocks = Math.min((threads + LIST_THREADS - 1) / LIST_THREADS, (long) WAVES * multiprocessors);
        return LaunchConfig.of((int) Math.max(1, blocks), LIST_THREADS, 0);
    }

    /** Lanes that write one block of batched align: the power of two from block_size on, at most a warp. */
    static int team(int blockSize) {
        int team = 1;
        while (team < 32 && team < blockSize) {
            team *= 2;
        }
        return team;
    }
}

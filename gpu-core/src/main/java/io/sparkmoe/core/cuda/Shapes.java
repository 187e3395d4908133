package io.sparkmoe.core.cuda;

/** Sizes that launchers and kernels must agree on; src/main/cuda/README.md gives each. */
final class Shapes {
    /**
     * Most bins of the variants that tell keys apart by 7, 8 and 9 votes. One bin more than that many votes can name, for
     * masked ids beside a power of two of experts: warps that meet it vote once more, which the next variant always does.
     */
    static final int BINS_7 = 129;

    static final int BINS_8 = 257;
    static final int BINS_9 = 513;

    private Shapes() {}

    /** Counters of a warp, and of a chunk: all keys, up to whole 16-byte vectors of uint16. */
    static int row(int bins) {
        return (bins + 3 + 7) & ~7;
    }

    /** Dynamic shared memory of a block that sorts tiles of warps * 32 * items ids. */
    static int sortShared(int warps, int items, int bins) {
        int row = row(bins);
        return warps * row * 2 + 4 * (36 + 3 * row + warps * 32 * items);
    }

    static int ceilDiv(long a, long b) {
        return Math.toIntExact((a + b - 1) / b);
    }
}

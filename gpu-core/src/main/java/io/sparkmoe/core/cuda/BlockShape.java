package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.LaunchConfig;

/** Blocks that sort a segment each, tile by tile: 8 warps (2,048 ids a tile) or 32 (8,192). */
record BlockShape(int warps, int bins) {
    private static final int ITEMS = 8;
    private static final int NARROW = 8;
    private static final int WIDE = 32;

    /** Wide for long segments, where there is such a kernel and the device has the shared memory. */
    static BlockShape of(int longest, int bins, int mostShared) {
        boolean wide = longest > NARROW * 32 * ITEMS
                && bins <= Shapes.BINS_8
                && Shapes.sortShared(WIDE, ITEMS, bins) <= mostShared;
        return new BlockShape(wide ? WIDE : NARROW, bins);
    }

    /** The end of the kernel's name. */
    String variant() {
        return "_w" + warps + (bins <= Shapes.BINS_8 ? "_b8" : "_b10");
    }

    LaunchConfig config(int blocks) {
        return new LaunchConfig(blocks, 1, 32 * warps, Shapes.sortShared(warps, ITEMS, bins));
    }
}

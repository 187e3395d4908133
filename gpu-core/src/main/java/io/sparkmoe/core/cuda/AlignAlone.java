package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;
import org.jspecify.annotations.Nullable;

/**
 * One short segment alone, as an inference engine aligns it: a single launch without scratch, because launches are most
 * of the time then. All blocks sort up to 1,024 ids; a cluster of blocks shares up to 32,768.
 */
record AlignAlone(int length, int blockSize, int bins, boolean brief) {
    private static final int BLOCKS = 8;
    private static final int BRIEF_IDS = 1024;
    private static final int FEW_IDS = 8192;
    private static final int MOST_IDS = 32_768;

    /** Null where the batch is another, or the device has no clusters. */
    static @Nullable AlignAlone of(DeviceKeys keys, int blockSize, Lane lane) {
        if (keys.batch().segments() != 1) {
            return null;
        }
        int length = keys.batch().host().length(0);
        return of(length, blockSize, keys.plan().bins(), lane.maxSharedBytes(), lane.hasClusters());
    }

    static @Nullable AlignAlone of(int length, int blockSize, int bins, int mostShared, boolean clusters) {
        boolean brief = length <= BRIEF_IDS && blockSize >= 16 && blockSize % 4 == 0;
        AlignAlone alone = new AlignAlone(length, blockSize, bins, brief);
        boolean fits = length <= MOST_IDS && alone.config().sharedBytes() <= mostShared;
        return fits && (brief || clusters) ? alone : null;
    }

    private boolean wide() {
        return bins > Shapes.BINS_8;
    }

    /** Few enough ids for small blocks, of which barriers cost less. */
    private boolean few() {
        return brief || (length <= FEW_IDS && !wide());
    }

    String file() {
        return brief ? "align_segments" : "align_cluster_sm90";
    }

    String kernel() {
        String name = brief ? "align_short" : few() ? "align_cluster_8k" : "align_cluster_32k";
        return name + (wide() ? "_b10" : "_b8");
    }

    LaunchConfig config() {
        int warps = few() ? 8 : wide() ? 32 : 16;
        int items = few() || wide() ? 4 : 8;
        int shared = Shapes.sortShared(warps, items, bins) + (brief ? 0 : 4 * Shapes.row(bins));
        return new LaunchConfig(BLOCKS, 1, 32 * warps, shared);
    }

    /** Starts the launch: KEYS, length, block_size, key_value. */
    KernelArguments arguments(DeviceKeys keys, Lane lane) {
        return keys.arguments(lane).i32(length).i32(blockSize).address(keys.keyValue());
    }
}

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
    private static final int NARROW_IDS = 8192;
    private static final int MOST_IDS = 32_768;

    /** Null where the batch is another, or the device has no clusters. */
    static @Nullable AlignAlone of(DeviceKeys keys, int blockSize, Lane lane) {
        if (keys.batch().segments() != 1) {
            return null;
        }
        int length = keys.batch().host().length(0);
        boolean brief = length <= BRIEF_IDS && blockSize >= 16 && blockSize % 4 == 0;
        AlignAlone alone = new AlignAlone(length, blockSize, keys.plan().bins(), brief);
        boolean fits = length < MOST_IDS && alone.config().sharedBytes() <= lane.maxSharedBytes();
        return fits && (brief || lane.hasClusters()) ? alone : null;
    }

    private int warps() {
        return length <= NARROW_IDS ? 16 : 32;
    }

    String file() {
        return brief ? "align_segments" : "align_cluster_sm90";
    }

    String kernel() {
        return (brief ? "align_short_w" : "align_cluster_w") + warps() + (bins <= 256 ? "_b8" : "_b10");
    }

    LaunchConfig config() {
        int shared = Shapes.sortShared(warps(), warps() == 16 ? 2 : 4, bins) + (brief ? 0 : 8 * Shapes.row(bins));
        return new LaunchConfig(BLOCKS, 1, 32 * warps(), shared);
    }

    /** Starts the launch: KEYS, length, block_size, key_value. */
    KernelArguments arguments(DeviceKeys keys, Lane lane) {
        return keys.arguments(lane).i32(length).i32(blockSize).address(keys.keyValue());
    }
}

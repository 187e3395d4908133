package io.sparkmoe.core.cuda.driver;

/** Page-locked host memory lent by a {@link PinnedMemoryPool}; its content is undefined. */
public final class PinnedBlock extends PoolBlock {
    PinnedBlock(BlockCache cache, BlockCache.Block block, long bytes) {
        super(cache, block, bytes);
    }
}

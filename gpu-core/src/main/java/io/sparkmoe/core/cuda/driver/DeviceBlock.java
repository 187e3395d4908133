package io.sparkmoe.core.cuda.driver;

/** Device memory lent by a {@link DeviceMemoryPool}; its content is undefined. */
public final class DeviceBlock extends PoolBlock {
    DeviceBlock(BlockCache cache, BlockCache.Block block, long bytes) {
        super(cache, block, bytes);
    }
}

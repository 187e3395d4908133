package io.sparkmoe.core.cuda.driver;

import java.util.concurrent.atomic.AtomicBoolean;

/** Memory lent by a pool, until it is closed. */
public abstract sealed class PoolBlock implements AutoCloseable permits DeviceBlock, PinnedBlock {
    private final BlockCache cache;
    private final BlockCache.Block block;
    private final long bytes;
    private final AtomicBoolean closed = new AtomicBoolean();

    PoolBlock(BlockCache cache, BlockCache.Block block, long bytes) {
        this.cache = cache;
        this.block = block;
        this.bytes = bytes;
    }

    /** Where it begins; aligned to 256 bytes at least. */
    public final long address() {
        return block.address();
    }

    /** The bytes asked for. */
    public final long bytes() {
        return bytes;
    }

    /**
     * Gives it back, for the next taker. Work that uses it must be done by then, or be followed by the next taker's
     * in the same stream. Closing twice does nothing.
     */
    @Override
    public final void close() {
        if (closed.compareAndSet(false, true)) {
            cache.giveBack(block);
        }
    }
}

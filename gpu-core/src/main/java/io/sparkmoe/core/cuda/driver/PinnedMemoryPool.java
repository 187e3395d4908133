package io.sparkmoe.core.cuda.driver;

import org.jspecify.annotations.Nullable;

/**
 * Page-locked host memory up to a bound. Blocks given back are kept: locking 16 MiB takes milliseconds. Thread-safe.
 *
 * <p>Pinned memory makes copies fast and is not needed for them, so a pool that is used up is no error: callers go on
 * with ordinary memory.
 */
public final class PinnedMemoryPool extends MemoryPool {
    private static final long SMALLEST = 4_096;

    /** A block is one buffer of Java's at most; its class must not pass that either. */
    private static final long LARGEST = 1L << 30;

    /** @param limitBytes most bytes ever locked, idle blocks counted in */
    public PinnedMemoryPool(CudaContext context, long limitBytes) {
        this(context.memory().pinned(), limitBytes);
    }

    PinnedMemoryPool(RawMemory raw, long limitBytes) {
        super(new BlockCache(raw, limitBytes, SMALLEST), "pinned memory");
    }

    /**
     * Takes a block.
     *
     * @param bytes 0 or more
     * @return null when the bound is reached, the system locks no more, a single block is above 1 GiB, or the context is
     *     dead
     */
    public @Nullable PinnedBlock take(long bytes) {
        try {
            BlockCache.Block block = bytes > LARGEST ? null : cache.take(bytes);
            return block == null ? null : new PinnedBlock(cache, block, bytes);
        } catch (CudaException e) {
            return null;
        }
    }
}

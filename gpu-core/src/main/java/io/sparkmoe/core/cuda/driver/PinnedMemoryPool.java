package io.sparkmoe.core.cuda.driver;

import org.jspecify.annotations.Nullable;

/**
 * Page-locked host memory up to a bound. Blocks given back are kept: locking 16 MiB takes milliseconds. Thread-safe.
 *
 * <p>Pinned memory makes copies fast and is not needed for them, so a pool that is used up is no error: callers go on
 * with ordinary memory.
 */
public final class PinnedMemoryPool implements AutoCloseable {
    private static final long SMALLEST = 4_096;

    /** A block is one buffer of Java's at most; its class must not pass that either. */
    private static final long LARGEST = 1L << 30;

    private final BlockCache cache;

    /** @param limitBytes most bytes ever locked, idle blocks counted in */
    public PinnedMemoryPool(CudaContext context, long limitBytes) {
        this(context.memory().pinned(), limitBytes);
    }

    PinnedMemoryPool(RawMemory raw, long limitBytes) {
        cache = new BlockCache(raw, limitBytes, SMALLEST);
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

    /** Replaces the gate that every take has to pass; for tests of what happens without memory. */
    public void gate(AllocationGate gate) {
        cache.gate(gate);
    }

    /** Unlocks idle blocks. */
    public void trim() {
        cache.trimTo(0);
    }

    /** Bytes lent now, in whole blocks. */
    public long used() {
        return cache.used();
    }

    /** Bytes locked and not lent now. */
    public long idle() {
        return cache.idleBytes();
    }

    /** Most bytes lent at once so far. */
    public long peak() {
        return cache.peak();
    }

    public long limit() {
        return cache.limit();
    }

    /**
     * Unlocks idle blocks; blocks still lent follow when they are closed.
     *
     * @throws IllegalStateException when blocks are still lent
     */
    @Override
    public void close() {
        cache.close("pinned memory");
    }
}

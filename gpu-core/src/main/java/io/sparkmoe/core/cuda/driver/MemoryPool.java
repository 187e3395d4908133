package io.sparkmoe.core.cuda.driver;

/** Memory up to a bound, of which blocks given back are kept for the next taker. Thread-safe. */
public abstract sealed class MemoryPool implements AutoCloseable permits DeviceMemoryPool, PinnedMemoryPool {
    final BlockCache cache;
    private final String what;

    /** @param what the memory's name in messages */
    MemoryPool(BlockCache cache, String what) {
        this.cache = cache;
        this.what = what;
    }

    /** Replaces the gate that every take has to pass; for tests of what happens without memory. */
    public final void gate(AllocationGate gate) {
        cache.gate(gate);
    }

    /** Gives idle blocks back to the driver. */
    public final void trim() {
        cache.trimTo(0);
    }

    /** Bytes lent now, in whole blocks. */
    public final long used() {
        return cache.used();
    }

    /** Bytes taken from the driver and not lent now. */
    public final long idle() {
        return cache.idleBytes();
    }

    /** Most bytes lent at once so far. */
    public final long peak() {
        return cache.peak();
    }

    public final long limit() {
        return cache.limit();
    }

    /**
     * Gives idle blocks back to the driver; blocks still lent follow when they are closed.
     *
     * @throws IllegalStateException when blocks are still lent
     */
    @Override
    public final void close() {
        cache.close(what);
    }
}

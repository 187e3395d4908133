package io.sparkmoe.core.cuda.driver;

/**
 * Device memory up to a bound. Blocks given back are kept, because taking memory from the driver costs up to hundreds
 * of microseconds and may stop the device. Thread-safe.
 */
public final class DeviceMemoryPool implements AutoCloseable {
    private static final long SMALLEST = 512;

    private final BlockCache cache;

    /** @param limitBytes most bytes ever taken from the driver, idle blocks counted in */
    public DeviceMemoryPool(CudaContext context, long limitBytes) {
        this(context.memory().device(), limitBytes);
    }

    DeviceMemoryPool(RawMemory raw, long limitBytes) {
        cache = new BlockCache(raw, limitBytes, SMALLEST);
    }

    /**
     * Takes a block.
     *
     * @param bytes 0 or more
     * @throws OutOfDeviceMemoryException when the bound is reached or the device has no more, and idle blocks are used up
     */
    public DeviceBlock take(long bytes) {
        BlockCache.Block block = cache.take(bytes);
        if (block == null) {
            throw new OutOfDeviceMemoryException(
                    "out of device memory: " + bytes + " bytes asked for, " + cache.used() + " used and "
                            + cache.idleBytes() + " idle of the pool's limit of " + cache.limit()
                            + "; the device itself may be full of other processes' data",
                    "DeviceMemoryPool.take");
        }
        return new DeviceBlock(cache, block, bytes);
    }

    /** Replaces the gate that every take has to pass; for tests of what happens without memory. */
    public void gate(AllocationGate gate) {
        cache.gate(gate);
    }

    /** Gives idle blocks back to the driver. */
    public void trim() {
        cache.trimTo(0);
    }

    /** Bytes lent now, in whole blocks. */
    public long used() {
        return cache.used();
    }

    /** Bytes taken from the driver and not lent now. */
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
     * Gives idle blocks back to the driver; blocks still lent follow when they are closed.
     *
     * @throws IllegalStateException when blocks are still lent
     */
    @Override
    public void close() {
        cache.close("device memory");
    }
}

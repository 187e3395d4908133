package io.sparkmoe.core.cuda.driver;

/**
 * Device memory up to a bound. Blocks given back are kept, because taking memory from the driver costs up to hundreds
 * of microseconds and may stop the device. Thread-safe.
 */
public final class DeviceMemoryPool extends MemoryPool {
    private static final long SMALLEST = 512;

    /** @param limitBytes most bytes ever taken from the driver, idle blocks counted in */
    public DeviceMemoryPool(CudaContext context, long limitBytes) {
        this(context.memory().device(), limitBytes);
    }

    DeviceMemoryPool(RawMemory raw, long limitBytes) {
        super(new BlockCache(raw, limitBytes, SMALLEST), "device memory");
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
}

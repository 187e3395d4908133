package io.sparkmoe.core.routing;

import org.jspecify.annotations.Nullable;

/**
 * How a process uses its GPU.
 *
 * @param device the device's UUID, or its number in the order of PCI addresses (as nvidia-smi numbers them); null takes
 *     the first one
 * @param memoryFraction share of the device memory that is free at the start, in (0, 1]
 * @param pinnedBytes most page-locked host memory for ids and results on their way; beyond it copies are slower
 * @param concurrentTasks threads that may work on the device at once; others wait
 * @param failOnStickyError what follows an error that takes the device away from this process: true fails every later
 *     call, false goes on by the CPU
 * @param nativeFolder folder for the native library, or null for java.io.tmpdir
 */
public record DeviceSettings(
        @Nullable String device,
        double memoryFraction,
        long pinnedBytes,
        int concurrentTasks,
        boolean failOnStickyError,
        @Nullable String nativeFolder) {
    public static final DeviceSettings DEFAULTS = new DeviceSettings(null, 0.5, 2L << 30, 2, false, null);

    public DeviceSettings {
        if (!(memoryFraction > 0 && memoryFraction <= 1)) {
            throw new IllegalArgumentException("the share of device memory must be in (0, 1], got " + memoryFraction);
        }
        if (pinnedBytes < 0) {
            throw new IllegalArgumentException(
                    "the bytes of page-locked memory must not be negative, got " + pinnedBytes);
        }
        if (concurrentTasks < 1) {
            throw new IllegalArgumentException("at least 1 task must be let on the device, got " + concurrentTasks);
        }
    }

    /** The same on another device. */
    public DeviceSettings onDevice(@Nullable String address) {
        return new DeviceSettings(
                address, memoryFraction, pinnedBytes, concurrentTasks, failOnStickyError, nativeFolder);
    }
}

package io.sparkmoe.core.routing;

/**
 * What a backend did on a device for one thread, for metrics. All zero where no device took part.
 *
 * @param deviceCalls operator calls that ran on the device
 * @param bytesToDevice bytes copied to the device
 * @param bytesFromDevice bytes copied back
 * @param copyNanos time of the copies on the device's clock
 * @param kernelNanos time of the kernels on the device's clock
 * @param waitNanos time spent waiting for the device to be free for this thread
 * @param splits batches cut in two because they did not fit into device memory
 * @param fallbacks operator calls that the CPU took over, for whatever reason
 * @param peakDeviceBytes most device memory in use by this process at once, so far
 */
public record DeviceActivity(
        long deviceCalls,
        long bytesToDevice,
        long bytesFromDevice,
        long copyNanos,
        long kernelNanos,
        long waitNanos,
        long splits,
        long fallbacks,
        long peakDeviceBytes) {
    public static final DeviceActivity NONE = new DeviceActivity(0, 0, 0, 0, 0, 0, 0, 0, 0);
}

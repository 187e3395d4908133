package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.DeviceActivity;

/** One thread's running figures; see {@link DeviceActivity}. */
final class Activity {
    long deviceCalls;
    long bytesToDevice;
    long bytesFromDevice;
    long copyNanos;
    long kernelNanos;
    long waitNanos;
    long splits;
    long fallbacks;

    /** How many calls are yet to look for left-out ids before they fetch results; no figure. */
    int careful;

    /** The figures so far; starts again from zero. */
    DeviceActivity take(long peakDeviceBytes) {
        DeviceActivity taken = new DeviceActivity(
                deviceCalls,
                bytesToDevice,
                bytesFromDevice,
                copyNanos,
                kernelNanos,
                waitNanos,
                splits,
                fallbacks,
                peakDeviceBytes);
        deviceCalls = 0;
        bytesToDevice = 0;
        bytesFromDevice = 0;
        copyNanos = 0;
        kernelNanos = 0;
        waitNanos = 0;
        splits = 0;
        fallbacks = 0;
        return taken;
    }
}

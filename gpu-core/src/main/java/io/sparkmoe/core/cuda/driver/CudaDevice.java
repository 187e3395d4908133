package io.sparkmoe.core.cuda.driver;

/**
 * One GPU that this process sees.
 *
 * @param ordinal CUDA's number for it in this process (its order is CUDA's, not nvidia-smi's)
 * @param uuid as nvidia-smi prints it, {@code GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}
 * @param pciBusId {@code domain:bus:device.function} in hexadecimal
 * @param major compute capability
 * @param minor compute capability
 * @param multiprocessors streaming multiprocessors
 * @param totalMemory bytes
 * @param maxSharedBytesPerBlock most shared memory a block may opt in to
 */
public record CudaDevice(
        int ordinal,
        String name,
        String uuid,
        String pciBusId,
        int major,
        int minor,
        int multiprocessors,
        long totalMemory,
        int maxSharedBytesPerBlock) {
    /** Whether the compute capability is at least the given one. */
    public boolean atLeast(int wantedMajor, int wantedMinor) {
        return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
    }

    /** One line for messages. */
    @Override
    public String toString() {
        return "GPU " + ordinal + ": " + name + " (" + uuid + ", PCI " + pciBusId + ", compute capability " + major
                + "." + minor + ", " + (totalMemory >> 20) + " MiB)";
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaFunction;
import io.sparkmoe.core.cuda.driver.KernelArguments;
import io.sparkmoe.core.cuda.driver.LaunchConfig;

/** What the launchers of the counting kernels share. */
final class Counting {
    /** Dynamic shared memory that a kernel may have without being asked for. */
    private static final int PLAIN_SHARED = 48 << 10;

    private Counting() {}

    /** Starts a launch with the parameters ids, id_type, offsets, segments. */
    static KernelArguments arguments(Lane lane, DeviceBatch batch) {
        return lane.arguments()
                .address(batch.ids())
                .i32(batch.type())
                .address(batch.offsets())
                .i32(batch.segments());
    }

    /** A launch of {@link CountingShapes#STREAM_THREADS} threads a block that streams the ids of a batch. */
    static LaunchConfig stream(Lane lane, String file, String name, DeviceBatch batch, int numExperts) {
        return shares(
                lane, file, name, batch, CountingShapes.STREAM_THREADS, CountingShapes.histogramBytes(numExperts));
    }

    /** A launch in which as many blocks as the device holds at once share the ids of a batch. */
    static LaunchConfig shares(Lane lane, String file, String name, DeviceBatch batch, int threads, int sharedBytes) {
        return CountingShapes.shares(
                batch.totalIds(),
                batch.segments(),
                threads,
                sharedBytes,
                resident(lane, file, name, threads, sharedBytes));
    }

    /** Blocks of that shape that the device holds at once. */
    static int resident(Lane lane, String file, String name, int threads, int sharedBytes) {
        CudaFunction kernel = lane.kernel(file, name);
        if (sharedBytes > PLAIN_SHARED) {
            // Always to the same value: another thread may launch the same kernel with another size.
            kernel.ensureSharedBytes(lane.maxSharedBytes() - kernel.staticSharedBytes());
        }
        return Math.max(1, kernel.blocksPerMultiprocessor(threads, sharedBytes)) * lane.multiprocessors();
    }
}

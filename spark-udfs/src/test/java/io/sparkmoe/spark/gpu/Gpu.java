package io.sparkmoe.spark.gpu;

import io.sparkmoe.core.cuda.driver.CudaDriver;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;

/** Whether the tests' JVM can use a GPU. */
public final class Gpu {
    private Gpu() {}

    /** Whether CUDA can be used here. */
    public static boolean usable() {
        try {
            return !CudaDriver.load().devices().isEmpty();
        } catch (CudaUnavailableException e) {
            return false;
        }
    }
}

package io.sparkmoe.core.cuda.driver;

import jcuda.driver.CUdeviceptr;

/** A device address as JCuda takes and returns it. */
final class Address extends CUdeviceptr {
    private static final CUdeviceptr NULL = new CUdeviceptr();

    /** To be set by a call. */
    Address() {}

    Address(long value) {
        super(NULL, value);
    }

    long value() {
        return getNativePointer() + getByteOffset();
    }
}

package io.sparkmoe.core.cuda.driver;

import jcuda.Pointer;

/** An address in host memory as JCuda takes and returns it. */
final class HostAddress extends Pointer {
    /** To be set by a call. */
    HostAddress() {}

    HostAddress(long value) {
        super(value);
    }

    long value() {
        return getNativePointer() + getByteOffset();
    }
}

package io.sparkmoe.core.cuda.driver;

/** Device memory is used up, or its bound is reached. The context lives on: less work at once may fit. */
public final class OutOfDeviceMemoryException extends CudaException {
    private static final long serialVersionUID = 1L;

    OutOfDeviceMemoryException(String message, String call) {
        super(message, call, CudaErrors.OUT_OF_MEMORY, false);
    }
}

package io.sparkmoe.core.cuda.driver;

import org.jspecify.annotations.Nullable;

/** CUDA cannot be used here. The message is one plain sentence that says why, and what would help. */
public final class CudaUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    public CudaUnavailableException(String reason, @Nullable Throwable cause) {
        super(reason, cause);
    }
}

package io.sparkmoe.core.cuda;

/** The thread was interrupted while it waited for the device; its interrupt flag is set. */
public final class CancelledCallException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CancelledCallException() {
        super("interrupted while waiting for the GPU");
    }
}

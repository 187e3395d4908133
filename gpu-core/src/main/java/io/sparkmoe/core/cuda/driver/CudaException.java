package io.sparkmoe.core.cuda.driver;

/** A call to the CUDA driver that failed. The message names the call, CUDA's name of the error and the launch. */
public class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String call;
    private final int code;
    private final boolean sticky;

    CudaException(String message, String call, int code, boolean sticky) {
        super(message);
        this.call = call;
        this.code = code;
        this.sticky = sticky;
    }

    /** The driver's function, for example {@code cuStreamSynchronize}. */
    public final String call() {
        return call;
    }

    /** CUDA's number of the error ({@code CUresult}). */
    public final int code() {
        return code;
    }

    /** Whether every later call fails too: the context is lost, and with it the GPU for this process. */
    public final boolean sticky() {
        return sticky;
    }
}

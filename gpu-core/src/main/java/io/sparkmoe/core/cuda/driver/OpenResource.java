package io.sparkmoe.core.cuda.driver;

import java.util.concurrent.atomic.AtomicBoolean;

/** Something of a context that has to be closed; the context keeps a list of those that are open. */
public abstract sealed class OpenResource implements AutoCloseable
        permits CudaModule, CudaStream, CudaEvent, CudaGraph {
    private final CudaContext context;
    private final String label;
    private final String releaseCall;
    private final AtomicBoolean closed = new AtomicBoolean();

    OpenResource(CudaContext context, String label, String releaseCall) {
        this.context = context;
        this.label = label;
        this.releaseCall = releaseCall;
        context.open().add(this);
    }

    final CudaContext context() {
        return context;
    }

    /** Gives the handle back to the driver by {@code releaseCall}; returns its result code. */
    abstract int release();

    /** Gives it back to the driver. Closing twice does nothing. */
    @Override
    public final void close() {
        if (closed.compareAndSet(false, true)) {
            context.open().remove(this);
            context.release(this::release, releaseCall, label);
        }
    }

    /** Kind and name, for messages. */
    @Override
    public final String toString() {
        return label;
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.CudaEvent;
import io.sparkmoe.core.cuda.driver.CudaStream;

/** Marks between the phases of a call: copies in, kernels, copies out. */
final class Clock implements AutoCloseable {
    private final CudaStream stream;
    private final CudaEvent start;
    private final CudaEvent uploaded;
    private final CudaEvent computed;
    private final CudaEvent end;

    Clock(CudaContext context, CudaStream stream) {
        this.stream = stream;
        this.start = context.newEvent(true);
        this.uploaded = context.newEvent(true);
        this.computed = context.newEvent(true);
        this.end = context.newEvent(true);
    }

    void start() {
        stream.record(start);
    }

    void uploaded() {
        stream.record(uploaded);
    }

    void computed() {
        stream.record(computed);
    }

    void end() {
        stream.record(end);
    }

    /** Adds the phases of a finished call. */
    void note(Activity to) {
        to.copyNanos += nanos(start, uploaded) + nanos(computed, end);
        to.kernelNanos += nanos(uploaded, computed);
    }

    private static long nanos(CudaEvent from, CudaEvent to) {
        return (long) (1e6 * to.millisecondsSince(from));
    }

    @Override
    public void close() {
        start.close();
        uploaded.close();
        computed.close();
        end.close();
    }
}

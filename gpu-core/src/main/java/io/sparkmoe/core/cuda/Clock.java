package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.CudaEvent;
import io.sparkmoe.core.cuda.driver.CudaStream;
import java.util.ArrayList;
import java.util.List;

/** Marks between the phases of a call: copies in, kernels, copies out. */
final class Clock implements AutoCloseable {
    private static final int START = 0;
    private static final int UPLOADED = 1;
    private static final int COMPUTED = 2;
    private static final int END = 3;

    private final CudaStream stream;
    private final List<CudaEvent> marks = new ArrayList<>();

    Clock(CudaContext context, CudaStream stream) {
        this.stream = stream;
        try {
            for (int i = START; i <= END; i++) {
                marks.add(context.newEvent(true));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    void start() {
        stream.record(marks.get(START));
    }

    void uploaded() {
        stream.record(marks.get(UPLOADED));
    }

    void computed() {
        stream.record(marks.get(COMPUTED));
    }

    void end() {
        stream.record(marks.get(END));
    }

    /** Adds the phases of a finished call that made all its marks. */
    void note(Activity to) {
        to.copyNanos += nanos(START, UPLOADED) + nanos(COMPUTED, END);
        to.kernelNanos += nanos(UPLOADED, COMPUTED);
    }

    private long nanos(int from, int to) {
        return (long) (1e6 * marks.get(to).millisecondsSince(marks.get(from)));
    }

    @Override
    public void close() {
        marks.forEach(CudaEvent::close);
    }
}

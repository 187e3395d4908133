package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import java.util.ArrayDeque;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** The lanes of a context: as many as threads may work on the device at once; others wait here, in their order. */
final class Lanes implements AutoCloseable {
    private final CudaContext context;
    private final Kernels kernels;
    private final DeviceMemoryPool memory;
    private final Semaphore permits;
    private final ArrayDeque<Lane> idle = new ArrayDeque<>();
    private boolean closed;

    Lanes(CudaContext context, Kernels kernels, DeviceMemoryPool memory, int concurrent) {
        this.context = context;
        this.kernels = kernels;
        this.memory = memory;
        this.permits = new Semaphore(concurrent, true);
    }

    /**
     * A lane for one call, begun; closing it gives it back.
     *
     * @throws CancelledCallException when the thread is interrupted while it waits, as Spark does to a killed task
     */
    Lane begin(Activity activity) {
        long start = System.nanoTime();
        try {
            permits.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledCallException();
        }
        activity.waitNanos += System.nanoTime() - start;
        Lane lane = null;
        try {
            lane = pop();
            if (lane == null) {
                lane = new Lane(this, context, kernels, memory);
            }
        } catch (RuntimeException | Error e) {
            permits.release();
            throw e;
        }
        try {
            lane.begin(activity);
            return lane;
        } catch (RuntimeException | Error e) {
            lane.close();
            throw e;
        }
    }

    private synchronized @Nullable Lane pop() {
        if (closed) {
            throw new IllegalStateException("the CUDA backend is closed");
        }
        return idle.pollLast();
    }

    void giveBack(Lane lane) {
        synchronized (this) {
            if (closed) {
                lane.dispose();
            } else {
                idle.add(lane);
            }
        }
        permits.release();
    }

    @Override
    public synchronized void close() {
        closed = true;
        idle.forEach(Lane::dispose);
        idle.clear();
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.cuda.driver.PinnedMemoryPool;
import java.util.ArrayDeque;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** The lanes of a context: as many as threads may work on the device at once; others wait here, in their order. */
final class Lanes implements AutoCloseable {
    private final CudaContext context;
    private final Kernels kernels;
    private final DeviceMemoryPool memory;
    private final PinnedMemoryPool pinned;
    private final int concurrent;
    private final Semaphore permits;
    private final ArrayDeque<Lane> idle = new ArrayDeque<>();
    private volatile boolean closed;

    Lanes(CudaContext context, Kernels kernels, DeviceMemoryPool memory, PinnedMemoryPool pinned, int concurrent) {
        this.context = context;
        this.kernels = kernels;
        this.memory = memory;
        this.pinned = pinned;
        this.concurrent = concurrent;
        this.permits = new Semaphore(concurrent, true);
    }

    /**
     * A lane for one call, begun; closing it gives it back.
     *
     * @throws CancelledCallException when the thread is interrupted while it waits, as Spark does to a killed task
     */
    Lane begin(Activity activity) {
        acquire(activity);
        Lane lane;
        try {
            if (closed) {
                throw new IllegalStateException("the CUDA backend is closed");
            }
            lane = pollOrOpen();
        } catch (RuntimeException | Error e) {
            permits.release();
            throw e;
        }
        return begun(lane, activity, true);
    }

    /** One more lane for a call that has one, and gives this one back first. */
    Lane another(Activity activity) {
        return begun(pollOrOpen(), activity, false);
    }

    private static Lane begun(Lane lane, Activity activity, boolean withPermit) {
        try {
            lane.begin(activity, withPermit);
            return lane;
        } catch (RuntimeException | Error e) {
            lane.close();
            throw e;
        }
    }

    private void acquire(Activity activity) {
        long start = System.nanoTime();
        try {
            permits.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledCallException();
        } finally {
            activity.waitNanos += System.nanoTime() - start;
        }
    }

    private Lane pollOrOpen() {
        Lane lane = poll();
        return lane == null ? Lane.open(this, context, kernels, memory, pinned) : lane;
    }

    private @Nullable Lane poll() {
        synchronized (idle) {
            return idle.pollLast();
        }
    }

    void giveBack(Lane lane, boolean withPermit) {
        synchronized (idle) {
            idle.add(lane);
        }
        if (withPermit) {
            permits.release();
        }
    }

    /** Waits for the lanes in use, refuses whoever waits for one, and frees all. */
    @Override
    public void close() {
        closed = true;
        permits.acquireUninterruptibly(concurrent);
        try {
            for (Lane lane = poll(); lane != null; lane = poll()) {
                lane.dispose();
            }
        } finally {
            permits.release(concurrent);
        }
    }
}

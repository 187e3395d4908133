package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaContext;
import io.sparkmoe.core.cuda.driver.CudaException;
import io.sparkmoe.core.cuda.driver.OutOfDeviceMemoryException;
import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs calls on the device: what does not fit its memory is cut in two and tried again, down to one segment, which goes to
 * the CPU. After an error that took the device away, the CPU goes on or every call fails, as configured.
 */
final class DeviceCalls {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceCalls.class);

    private final CudaContext context;
    private final Lanes lanes;
    private final boolean failOnStickyError;
    private final ThreadLocal<Activity> activity = ThreadLocal.withInitial(Activity::new);
    private final AtomicBoolean deathTold = new AtomicBoolean();

    DeviceCalls(CudaContext context, Lanes lanes, boolean failOnStickyError) {
        this.context = context;
        this.lanes = lanes;
        this.failOnStickyError = failOnStickyError;
    }

    /** The calling thread's figures. */
    Activity activity() {
        return activity.get();
    }

    /** A lane for one call of the calling thread. */
    Lane begin() {
        return lanes.begin(activity());
    }

    /** Whether the device may be used; false after an error that took it away, when the CPU is to go on. */
    boolean alive() {
        if (!context.dead()) {
            return true;
        }
        if (failOnStickyError) {
            throw new IllegalStateException("the GPU of this process is lost: " + context.deadReason()
                    + ". spark.moe.gpu.onStickyError=cpu would go on by the CPU.");
        }
        if (deathTold.compareAndSet(false, true)) {
            LOG.error("The GPU of this process is lost, the CPU goes on: {}", context.deadReason());
        }
        return false;
    }

    <R extends AutoCloseable> R answer(RoutingBatch batch, DeviceCall<R> call, BufferSource buffers) {
        if (batch.segments() == 0) {
            return call.onCpu(batch);
        }
        if (!alive()) {
            return onCpu(batch, call);
        }
        try {
            R result = once(batch, call, buffers);
            return result != null ? result : call.onCpu(batch);
        } catch (OutOfDeviceMemoryException e) {
            return batch.segments() < 2 ? onCpu(batch, call) : inTwo(batch, call, buffers);
        } catch (CudaException e) {
            if (!e.sticky()) {
                throw e;
            }
            return alive() ? rethrow(e) : onCpu(batch, call);
        }
    }

    private static <R> R rethrow(CudaException e) {
        throw e;
    }

    private <R extends AutoCloseable> R onCpu(RoutingBatch batch, DeviceCall<R> call) {
        activity().fallbacks++;
        return call.onCpu(batch);
    }

    private <R extends AutoCloseable> @Nullable R once(RoutingBatch batch, DeviceCall<R> call, BufferSource buffers) {
        // Closed in reverse: copies into the results are over before their memory is released.
        try (ResultBuffers out = new ResultBuffers(buffers);
                Lane lane = begin()) {
            R result = call.run(batch, lane, out);
            lane.end();
            if (result != null) {
                out.keep();
            }
            return result;
        }
    }

    private <R extends AutoCloseable> R inTwo(RoutingBatch batch, DeviceCall<R> call, BufferSource buffers) {
        activity().splits++;
        int middle = middle(batch);
        R first = answer(batch.slice(0, middle), call, buffers);
        R second = null;
        try (ResultBuffers out = new ResultBuffers(buffers)) {
            second = answer(batch.slice(middle, batch.segments()), call, buffers);
            R result = call.join(first, second, out);
            if (result == null) {
                return call.onCpu(batch);
            }
            out.keep();
            return result;
        } finally {
            close(first);
            if (second != null) {
                close(second);
            }
        }
    }

    private static void close(AutoCloseable result) {
        try {
            result.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The segment nearest the middle of the ids; at least one on either side. */
    static int middle(RoutingBatch batch) {
        long half = batch.start(0) + batch.totalIds() / 2;
        int lo = 1;
        int hi = batch.segments() - 1;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if (batch.start(mid) < half) {
                lo = mid + 1;
            } else {
                hi = mid;
            }
        }
        return lo;
    }
}

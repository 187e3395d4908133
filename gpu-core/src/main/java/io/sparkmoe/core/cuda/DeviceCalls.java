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
 * Runs calls on the device: what does not fit its memory is cut in two and tried again, down to one segment or a small
 * part, which goes to the CPU. After an error that took the device away, the CPU goes on or every call fails, as configured.
 */
final class DeviceCalls {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceCalls.class);

    /** Ids and segments that the CPU has done sooner than the device has refused their halves. */
    private static final int SMALL = 4096;

    /** Calls that look at the tally first after one that should have. */
    private static final int CAREFUL = 15;

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

    /** Whether a lane is of this device. */
    boolean owns(Lane lane) {
        return lanes == lane.owner();
    }

    /** Whether an error took the device away. */
    boolean lost() {
        return context.dead();
    }

    /** Whether the device may be used; false after an error that took it away, when the CPU is to go on. */
    boolean alive() {
        return alive(null);
    }

    /**
     * The same after a failed call.
     *
     * @throws IllegalStateException when every call is to fail
     */
    boolean alive(@Nullable CudaException failure) {
        if (!context.dead()) {
            return true;
        }
        if (failOnStickyError) {
            throw new IllegalStateException(
                    "the GPU of this process is lost: " + context.deadReason()
                            + ". spark.moe.gpu.onStickyError=cpu would go on by the CPU.",
                    failure);
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
            return result != null ? result : onCpu(batch, call);
        } catch (OutOfDeviceMemoryException e) {
            return call.worthCutting(batch) ? inTwo(batch, call, buffers) : onCpu(batch, call);
        } catch (CudaException e) {
            if (alive(e)) {
                throw e;
            }
            return onCpu(batch, call);
        }
    }

    /** Whether parts are worth another try when there is no memory for the whole. */
    static boolean worthCutting(RoutingBatch batch) {
        return batch.segments() > 1 && batch.totalIds() + batch.segments() > SMALL;
    }

    /** Counts what the CPU has done; when it complains about the data, the device would have too. */
    private <R extends AutoCloseable> R onCpu(RoutingBatch batch, DeviceCall<R> call) {
        R result = call.onCpu(batch);
        activity().fallbacks++;
        return result;
    }

    private <R extends AutoCloseable> @Nullable R once(RoutingBatch batch, DeviceCall<R> call, BufferSource buffers) {
        R whole = expectingAll(batch, call, buffers);
        if (whole != null) {
            return whole;
        }
        // Closed in reverse: copies into the results are over before their memory is released.
        try (ResultBuffers out = new ResultBuffers(buffers);
                Lane lane = begin()) {
            R result = call.run(batch, lane, out);
            if (result == null) {
                return null;
            }
            lane.end();
            activity().deviceCalls++;
            out.keep();
            return result;
        }
    }

    /** Ids are rarely left out, so the results are fetched without a look at the tally first; null if that went wrong. */
    private <R extends AutoCloseable> @Nullable R expectingAll(
            RoutingBatch batch, DeviceCall<R> call, BufferSource buffers) {
        Activity mine = activity();
        long[] most = call.mostBytes(batch);
        if (most == null || mine.careful > 0) {
            mine.careful -= most == null ? 0 : 1;
            return null;
        }
        int slices = Slices.count(batch, most);
        try (Slices<R> run = new Slices<>(call, slices > 1 ? most : new long[0], buffers)) {
            R result = run.over(batch, slices, lanes, mine);
            if (result == null) {
                mine.careful = CAREFUL;
            } else {
                mine.deviceCalls++;
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
                return onCpu(batch, call);
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
        return Math.min(Slices.firstFrom(batch, batch.totalIds() / 2, 1), batch.segments() - 1);
    }
}

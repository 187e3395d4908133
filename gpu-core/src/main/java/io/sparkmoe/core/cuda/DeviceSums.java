package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaException;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.cuda.driver.OutOfDeviceMemoryException;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sums that stay on the device: int64 [slots][stride], added to batch by batch. A batch that does not fit the device's
 * memory is cut; a segment that does not fit, or a batch with slots that do not, is summed by the CPU, and both are added up
 * when read.
 *
 * @param <A> the CPU's accumulator
 */
abstract class DeviceSums<A extends AutoCloseable> implements AutoCloseable {
    private final DeviceCalls calls;
    private final ResidentSums sums;
    private final IdOptions ids;
    private final int stride;
    private int used;
    private long @Nullable [] host;
    private @Nullable A overflow;
    private int overflowSlots;
    private IdCounts counts = IdCounts.NONE;

    DeviceSums(DeviceCalls calls, DeviceMemoryPool memory, IdOptions ids, int stride) {
        this.calls = calls;
        this.sums = new ResidentSums(memory, stride);
        this.ids = ids;
        this.stride = stride;
    }

    /** Launches what adds the batch to the sums. */
    abstract void launch(Lane lane, DeviceBatch batch, long slots, int numSlots, long into);

    /** A fresh accumulator on the CPU. */
    abstract A openOnCpu();

    abstract void addOnCpu(A accumulator, RoutingBatch batch, int[] slots, int numSlots);

    abstract IdCounts countsOnCpu(A accumulator);

    final void addBatch(RoutingBatch batch, int[] slots, int numSlots) {
        if (batch.segments() > 0) {
            host = null;
            add(batch, slots, numSlots);
        }
        used = Math.max(used, numSlots);
    }

    private void add(RoutingBatch batch, int[] slots, int numSlots) {
        boolean held = sums.any();
        try {
            if (alive(null) && addOnDevice(batch, slots, numSlots)) {
                return;
            }
        } catch (OutOfDeviceMemoryException e) {
            if (DeviceCalls.worthCutting(batch)) {
                addInTwo(batch, slots, numSlots);
                return;
            }
        } catch (CudaException e) {
            if (!held) {
                sums.forget();
            }
            if (alive(e)) {
                throw e;
            }
        }
        addToOverflow(batch, slots, numSlots);
    }

    /**
     * Whether the device may be used; false after an error that took it away, when the CPU is to go on.
     *
     * @throws IllegalStateException when it took sums with it
     */
    private boolean alive(@Nullable CudaException failure) {
        if (calls.alive(failure)) {
            return true;
        }
        if (sums.any()) {
            throw new IllegalStateException(
                    "the GPU of this process is lost, and sums with it: the task has to run again", failure);
        }
        return false;
    }

    private void addInTwo(RoutingBatch batch, int[] slots, int numSlots) {
        calls.activity().splits++;
        int middle = DeviceCalls.middle(batch);
        add(batch.slice(0, middle), slots, numSlots);
        int[] rest = Arrays.copyOfRange(slots, middle, batch.segments());
        add(batch.slice(middle, batch.segments()), rest, numSlots);
    }

    private void addToOverflow(RoutingBatch batch, int[] slots, int numSlots) {
        A accumulator = overflow;
        if (accumulator == null) {
            accumulator = openOnCpu();
            overflow = accumulator;
        }
        overflowSlots = Math.max(overflowSlots, numSlots);
        addOnCpu(accumulator, batch, slots, numSlots);
        calls.activity().fallbacks++;
    }

    /** False when the device has no room for so many slots, which no cut would change. */
    private boolean addOnDevice(RoutingBatch batch, int[] slots, int numSlots) {
        LeftOut left;
        try (Lane lane = calls.begin()) {
            if (!sums.grow(lane, numSlots)) {
                return false;
            }
            DeviceBatch in = lane.upload(batch);
            long slotsAt = lane.upload(slots, batch.segments());
            lane.uploaded();
            launchOnce(lane, in, slotsAt, numSlots);
            lane.computed();
            long tally = lane.readTally();
            lane.end();
            calls.activity().deviceCalls++;
            left = LeftOut.at(tally);
        } finally {
            // Only now has the stream come past the copy out of it.
            sums.dropOutgrown();
        }
        if (left.refusedBy(ids)) {
            refuse(batch, slots, numSlots);
        }
        counts = counts.plus(left.of(batch.totalIds()));
        return true;
    }

    private void launchOnce(Lane lane, DeviceBatch in, long slotsAt, int numSlots) {
        try {
            launch(lane, in, slotsAt, numSlots, sums.address());
        } catch (OutOfDeviceMemoryException e) {
            if (lane.launched()) {
                // A part is in the sums already: another try would count it twice.
                throw new IllegalStateException(
                        "device memory ran out in the middle of adding to sums: the task has to run again", e);
            }
            throw e;
        }
    }

    /** Has the CPU complain about a batch that the policies refuse. */
    private void refuse(RoutingBatch batch, int[] slots, int numSlots) {
        A accumulator = openOnCpu();
        try {
            addOnCpu(accumulator, batch, slots, numSlots);
        } finally {
            close(accumulator);
        }
        throw new IllegalStateException("the ids changed while they were read");
    }

    /** Copies a slot's sums as far as the device has them; the rest are zero. */
    final void readSums(int slot, long[] out) {
        long[] all = host();
        if ((slot + 1L) * stride <= all.length) {
            System.arraycopy(all, slot * stride, out, 0, out.length);
        } else {
            Arrays.fill(out, 0);
        }
    }

    /** The CPU's part, where it has one of this slot. */
    final @Nullable A overflow(int slot) {
        return slot < overflowSlots ? overflow : null;
    }

    private long[] host() {
        long[] all = host;
        if (all == null) {
            all = fetch(Math.min(used, sums.slots()));
            host = all;
        }
        return all;
    }

    private long[] fetch(int slots) {
        long[] all = new long[Math.multiplyExact(slots, stride)];
        if (slots > 0 && alive(null)) {
            try (Lane lane = calls.begin()) {
                lane.uploaded();
                lane.computed();
                long bytes = (long) Long.BYTES * all.length;
                long place = lane.read(sums.address(), bytes);
                lane.end();
                calls.activity().deviceCalls++;
                Memory.copyOut(place, all, Memory.LONGS, bytes);
            } catch (CudaException e) {
                alive(e);
                throw e;
            }
        }
        return all;
    }

    final void clearSums() {
        sums.forget();
        used = 0;
        host = null;
        counts = IdCounts.NONE;
        closeOverflow();
    }

    final IdCounts leftOut() {
        A accumulator = overflow;
        return accumulator == null ? counts : counts.plus(countsOnCpu(accumulator));
    }

    private void closeOverflow() {
        A accumulator = overflow;
        overflow = null;
        overflowSlots = 0;
        close(accumulator);
    }

    private static void close(@Nullable AutoCloseable owned) {
        try {
            if (owned != null) {
                owned.close();
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public final void close() {
        try {
            sums.close();
        } finally {
            closeOverflow();
        }
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaException;
import io.sparkmoe.core.cuda.driver.OutOfDeviceMemoryException;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import org.jspecify.annotations.Nullable;

/**
 * Sums that stay on the device, added to batch by batch. A batch that does not fit the device's memory is cut; what no cut
 * would make fit is summed by the CPU, and both are added up when read. The CPU also words the complaints about malformed
 * data.
 *
 * @param <B> a batch with its group slots
 * @param <A> the CPU's accumulator
 */
abstract class DeviceAccumulator<B, A extends AutoCloseable> implements AutoCloseable {
    private final DeviceCalls calls;
    private final IdOptions ids;
    private @Nullable A overflow;
    private int overflowSlots;
    private IdCounts counts = IdCounts.NONE;

    DeviceAccumulator(DeviceCalls calls, IdOptions ids) {
        this.calls = calls;
        this.ids = ids;
    }

    /** What adds a batch, when all memory is there. */
    interface Launches {
        /** Uploads what else it needs, marks {@link Lane#uploaded} and launches; adds to the lane's tally. */
        void run(Lane lane);
    }

    /** Whether the device holds sums. */
    abstract boolean any();

    /** Forgets the device's sums. */
    abstract void forget();

    /** The two halves of a batch, or null when a cut is not worth another try. */
    abstract B @Nullable [] cut(B batch);

    /** Makes room for a batch's sums and uploads it; null when no cut would make the device take it. */
    abstract @Nullable Launches prepare(Lane lane, B batch);

    /** The lane's call is over, whether it went well or not. */
    void released() {}

    abstract long ids(B batch);

    abstract int numSlots(B batch);

    /** A fresh accumulator on the CPU. */
    abstract A openOnCpu();

    abstract void addOnCpu(A accumulator, B batch);

    abstract IdCounts countsOnCpu(A accumulator);

    final DeviceCalls calls() {
        return calls;
    }

    /** Adds a batch, on the device if that takes it. */
    final void addBatch(B batch) {
        boolean held = any();
        try {
            if (alive(null) && addOnDevice(batch)) {
                return;
            }
        } catch (OutOfDeviceMemoryException e) {
            B[] halves = cut(batch);
            if (halves != null) {
                calls.activity().splits++;
                addBatch(halves[0]);
                addBatch(halves[1]);
                return;
            }
        } catch (CudaException e) {
            if (!held) {
                forget();
            }
            if (alive(e)) {
                throw e;
            }
        }
        addToOverflow(batch);
    }

    /**
     * Whether the device may be used; false after an error that took it away, when the CPU is to go on.
     *
     * @throws IllegalStateException when it took sums with it
     */
    final boolean alive(@Nullable CudaException failure) {
        if (calls.alive(failure)) {
            return true;
        }
        if (any()) {
            throw new IllegalStateException(
                    "the GPU of this process is lost, and sums with it: the task has to run again", failure);
        }
        return false;
    }

    /** Has the CPU add a batch. */
    final void addToOverflow(B batch) {
        A accumulator = overflow;
        if (accumulator == null) {
            accumulator = openOnCpu();
            overflow = accumulator;
        }
        overflowSlots = Math.max(overflowSlots, numSlots(batch));
        addOnCpu(accumulator, batch);
        calls.activity().fallbacks++;
    }

    private boolean addOnDevice(B batch) {
        LeftOut left;
        try (Lane lane = calls.begin()) {
            Launches launches = prepare(lane, batch);
            if (launches == null) {
                return false;
            }
            launchOnce(lane, launches);
            lane.computed();
            long tally = lane.readTally();
            lane.end();
            calls.activity().deviceCalls++;
            left = LeftOut.at(tally);
        } finally {
            released();
        }
        if (left.refusedBy(ids)) {
            refuse(batch);
        }
        counts = counts.plus(left.of(ids(batch)));
        return true;
    }

    private static void launchOnce(Lane lane, Launches launches) {
        try {
            launches.run(lane);
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
    private void refuse(B batch) {
        A accumulator = openOnCpu();
        try {
            addOnCpu(accumulator, batch);
        } finally {
            close(accumulator);
        }
        throw new IllegalStateException("the ids changed while they were read");
    }

    /** The CPU's part, where it has one of this slot. */
    final @Nullable A overflow(int slot) {
        return slot < overflowSlots ? overflow : null;
    }

    /** Copies from device memory, of sums that are there; null when the device is lost. */
    final long @Nullable [] fetch(long address, int longs) {
        if (!alive(null)) {
            return null;
        }
        try (Lane lane = calls.begin()) {
            lane.uploaded();
            lane.computed();
            long[] all = lane.readLongs(address, longs);
            calls.activity().deviceCalls++;
            return all;
        } catch (CudaException e) {
            alive(e);
            throw e;
        }
    }

    final void forgetAll() {
        forget();
        counts = IdCounts.NONE;
        closeOverflow();
    }

    final IdCounts leftOut() {
        A accumulator = overflow;
        return accumulator == null ? counts : counts.plus(countsOnCpu(accumulator));
    }

    final void closeOverflow() {
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
}

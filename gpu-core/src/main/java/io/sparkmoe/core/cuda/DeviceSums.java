package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.DeviceBlock;
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
 * memory is cut; a segment that does not fit is summed by the CPU, and both are added up when read.
 *
 * @param <A> the CPU's accumulator
 */
abstract class DeviceSums<A extends AutoCloseable> implements AutoCloseable {
    private static final int FIRST_SLOTS = 64;

    private final DeviceCalls calls;
    private final DeviceMemoryPool memory;
    private final IdOptions ids;
    private final int stride;
    private @Nullable DeviceBlock sums;
    private int capacity;
    private int used;
    private boolean stale = true;
    private long @Nullable [] host;
    private @Nullable A overflow;
    private int overflowSlots;
    private IdCounts counts = IdCounts.NONE;

    DeviceSums(DeviceCalls calls, DeviceMemoryPool memory, IdOptions ids, int stride) {
        this.calls = calls;
        this.memory = memory;
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
        if (batch.segments() == 0) {
            used = Math.max(used, numSlots);
            return;
        }
        if (!calls.alive()) {
            throw new IllegalStateException(
                    "the GPU of this process is lost, and sums with it: the task has to run again");
        }
        host = null;
        try {
            addOnDevice(batch, slots, numSlots);
        } catch (OutOfDeviceMemoryException e) {
            if (batch.segments() > 1) {
                addInTwo(batch, slots, numSlots);
            } else {
                calls.activity().fallbacks++;
                addToOverflow(batch, slots, numSlots);
            }
        }
        used = Math.max(used, numSlots);
    }

    private void addInTwo(RoutingBatch batch, int[] slots, int numSlots) {
        calls.activity().splits++;
        int middle = DeviceCalls.middle(batch);
        addBatch(batch.slice(0, middle), slots, numSlots);
        int[] rest = Arrays.copyOfRange(slots, middle, batch.segments());
        addBatch(batch.slice(middle, batch.segments()), rest, numSlots);
    }

    private void addToOverflow(RoutingBatch batch, int[] slots, int numSlots) {
        A accumulator = overflow;
        if (accumulator == null) {
            accumulator = openOnCpu();
            overflow = accumulator;
        }
        overflowSlots = numSlots;
        addOnCpu(accumulator, batch, slots, numSlots);
    }

    private void addOnDevice(RoutingBatch batch, int[] slots, int numSlots) {
        LeftOut left;
        DeviceBlock outgrown = null;
        try (Lane lane = calls.begin()) {
            DeviceBatch in = lane.upload(batch);
            long slotsAt = lane.upload(slots, batch.segments());
            outgrown = grow(lane, numSlots);
            lane.uploaded();
            launch(lane, in, slotsAt, numSlots, address());
            lane.computed();
            long tally = lane.readTally();
            lane.end();
            left = LeftOut.at(tally);
        } finally {
            // Only now has the stream come past the copy out of it.
            if (outgrown != null) {
                outgrown.close();
            }
        }
        if (left.refusedBy(ids)) {
            refuse(batch, slots, numSlots);
        }
        counts = counts.plus(left.of(batch.totalIds()));
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

    private long address() {
        DeviceBlock block = sums;
        return block == null ? 0 : block.address();
    }

    /** Makes room and zeroes what is new; returns the old memory, to be closed when the stream has come past this. */
    private @Nullable DeviceBlock grow(Lane lane, int numSlots) {
        DeviceBlock old = sums;
        if (numSlots <= capacity) {
            if (stale) {
                lane.stream().fill(address(), (byte) 0, bytes(capacity));
                stale = false;
            }
            return null;
        }
        int more = Math.max(Math.max(numSlots, FIRST_SLOTS), 2 * capacity);
        DeviceBlock next = memory.take(bytes(more));
        long kept = stale ? 0 : bytes(capacity);
        lane.stream().fill(next.address() + kept, (byte) 0, bytes(more) - kept);
        if (old != null && kept > 0) {
            lane.stream().copyOnDevice(next.address(), old.address(), kept);
        }
        sums = next;
        capacity = more;
        stale = false;
        return old;
    }

    private long bytes(int slots) {
        return 8L * slots * stride;
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
            all = fetch(stale ? 0 : Math.min(used, capacity));
            host = all;
        }
        return all;
    }

    private long[] fetch(int slots) {
        long[] all = new long[Math.multiplyExact(slots, stride)];
        if (slots > 0) {
            try (Lane lane = calls.begin()) {
                lane.uploaded();
                lane.computed();
                long place = lane.read(address(), bytes(slots));
                lane.end();
                Memory.copyOut(place, all, Memory.LONGS, bytes(slots));
            }
        }
        return all;
    }

    final void clearSums() {
        stale = true;
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
        if (overflow != null) {
            close(overflow);
        }
        overflow = null;
        overflowSlots = 0;
    }

    private static void close(AutoCloseable accumulator) {
        try {
            accumulator.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public final void close() {
        closeOverflow();
        if (sums != null) {
            sums.close();
        }
        sums = null;
        capacity = 0;
    }
}

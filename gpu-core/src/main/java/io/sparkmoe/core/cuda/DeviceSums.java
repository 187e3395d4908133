package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Sums int64 [slots][stride] that stay on the device.
 *
 * @param <A> the CPU's accumulator
 */
abstract class DeviceSums<A extends AutoCloseable> extends DeviceAccumulator<SlottedBatch, A> {
    /** Sums that come to the host at once: 8 MB. */
    private static final int WINDOW = 1 << 20;

    private final ResidentSums sums;
    private final int stride;
    private int used;
    private int windowFrom;
    private long @Nullable [] window;

    DeviceSums(DeviceCalls calls, DeviceMemoryPool memory, IdOptions ids, int stride) {
        super(calls, ids);
        this.sums = new ResidentSums(memory, stride);
        this.stride = stride;
    }

    /** Uploads what the launch needs beside the batch, marks {@link Lane#uploaded} and launches what adds to the sums. */
    abstract void launch(Lane lane, DeviceBatch in, SlottedBatch batch, long into);

    /** Whether the kernels take the batch; else the CPU does. */
    boolean fits(RoutingBatch batch) {
        return true;
    }

    final void addBatch(RoutingBatch batch, int[] slots, int numSlots) {
        if (batch.segments() > 0) {
            window = null;
            SlottedBatch slotted = new SlottedBatch(batch, slots, numSlots);
            if (fits(batch)) {
                addBatch(slotted);
            } else {
                addToOverflow(slotted);
            }
        }
        used = Math.max(used, numSlots);
    }

    @Override
    final boolean any() {
        return sums.any();
    }

    @Override
    final void forget() {
        sums.forget();
    }

    @Override
    final SlottedBatch @Nullable [] cut(SlottedBatch batch) {
        return batch.halves();
    }

    @Override
    final @Nullable Launches prepare(Lane lane, SlottedBatch batch) {
        if (!sums.grow(lane, batch.numSlots())) {
            return null;
        }
        DeviceBatch in = lane.upload(batch.batch());
        return on -> launch(on, in, batch, sums.address());
    }

    /** Only now has the stream come past the copy out of what was outgrown. */
    @Override
    final void released() {
        sums.dropOutgrown();
    }

    @Override
    final long ids(SlottedBatch batch) {
        return batch.batch().totalIds();
    }

    @Override
    final int numSlots(SlottedBatch batch) {
        return batch.numSlots();
    }

    /** Copies a slot's sums as far as the device has them; the rest are zero. */
    final void readSums(int slot, long[] out) {
        int slots = Math.min(used, sums.slots());
        int many = Math.max(1, WINDOW / stride);
        int from = slot - slot % many;
        long[] there = window;
        if (slot < slots && (there == null || windowFrom != from)) {
            there = fetch(sums.address() + (long) Long.BYTES * from * stride, Math.min(many, slots - from) * stride);
            window = there;
            windowFrom = from;
        }
        if (slot < slots && there != null) {
            System.arraycopy(there, (slot - from) * stride, out, 0, out.length);
        } else {
            Arrays.fill(out, 0);
        }
    }

    final void clearSums() {
        forgetAll();
        used = 0;
        window = null;
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

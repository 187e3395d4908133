package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.DeviceBlock;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.cuda.driver.OutOfDeviceMemoryException;
import org.jspecify.annotations.Nullable;

/** Device memory of sums, int64 [slots][stride], which grows with the slots. */
final class ResidentSums implements AutoCloseable {
    private static final int FIRST_SLOTS = 64;
    private static final long FIRST_BYTES = 16 << 20;

    private final DeviceMemoryPool memory;
    private final int stride;
    private @Nullable DeviceBlock sums;
    private @Nullable DeviceBlock outgrown;
    private int capacity;
    private boolean any;

    ResidentSums(DeviceMemoryPool memory, int stride) {
        this.memory = memory;
        this.stride = stride;
    }

    /** Whether there are sums. */
    boolean any() {
        return any;
    }

    /** Slots whose sums are on the device. */
    int slots() {
        return any ? capacity : 0;
    }

    long address() {
        DeviceBlock block = sums;
        return block == null ? 0 : block.address();
    }

    /** Forgets the sums, keeping the memory. */
    void forget() {
        any = false;
    }

    /**
     * Makes room and zeroes what is new; false when there is no room. When the lane's call is over, whether it went well or
     * not, {@link #dropOutgrown} must follow.
     */
    boolean grow(Lane lane, int numSlots) {
        if (numSlots > capacity) {
            return move(lane, numSlots);
        }
        if (!any) {
            lane.stream().fill(address(), (byte) 0, bytes(capacity));
            any = true;
        }
        return true;
    }

    private boolean move(Lane lane, int numSlots) {
        long ample = Math.max(Math.min(FIRST_SLOTS, FIRST_BYTES / bytes(1)), 2L * capacity);
        DeviceBlock next = ample > numSlots ? room((int) Math.min(ample, Integer.MAX_VALUE)) : null;
        next = next == null ? room(numSlots) : next;
        if (next == null) {
            return false;
        }
        // Unless all goes well.
        outgrown = next;
        long kept = any ? bytes(capacity) : 0;
        lane.stream().fill(next.address() + kept, (byte) 0, next.bytes() - kept);
        lane.stream().copyOnDevice(next.address(), address(), kept);
        outgrown = sums;
        sums = next;
        capacity = (int) (next.bytes() / bytes(1));
        any = true;
        return true;
    }

    private @Nullable DeviceBlock room(int slots) {
        try {
            return memory.take(bytes(slots));
        } catch (OutOfDeviceMemoryException e) {
            return null;
        }
    }

    private long bytes(int slots) {
        return (long) Long.BYTES * slots * stride;
    }

    void dropOutgrown() {
        if (outgrown != null) {
            outgrown.close();
        }
        outgrown = null;
    }

    @Override
    public void close() {
        any = false;
        capacity = 0;
        if (sums != null) {
            sums.close();
        }
        sums = null;
    }
}

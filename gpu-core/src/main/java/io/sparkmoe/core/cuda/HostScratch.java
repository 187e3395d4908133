package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.PinnedBlock;
import io.sparkmoe.core.cuda.driver.PinnedMemoryPool;
import io.sparkmoe.core.routing.Memory;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Host memory for the small copies of one call at a time: a page-locked place, for what does not fit it more from the
 * pool, and ordinary memory when no memory can be locked. The driver has done with ordinary memory before a copy's call
 * returns.
 */
final class HostScratch implements AutoCloseable {
    private static final int BYTES = 1 << 18;

    private final PinnedMemoryPool pool;
    private final @Nullable PinnedBlock locked;
    private final long place;
    private final List<PinnedBlock> moreLocked = new ArrayList<>();
    private final List<Long> ordinary = new ArrayList<>();
    private int used;

    HostScratch(PinnedMemoryPool pool) {
        this.pool = pool;
        locked = pool.take(BYTES);
        place = locked == null ? Memory.allocate(BYTES) : locked.address();
    }

    /** Memory of undefined content, aligned to 16 bytes, until {@link #clear}. */
    long take(long bytes) {
        long padded = (bytes + 15) & -16;
        if (padded <= BYTES - used) {
            used += (int) padded;
            return place + used - padded;
        }
        PinnedBlock block = pool.take(bytes);
        if (block != null) {
            moreLocked.add(block);
            return block.address();
        }
        long address = Memory.allocate(bytes);
        ordinary.add(address);
        return address;
    }

    /** Takes everything back; no copy may be under way. */
    void clear() {
        moreLocked.forEach(PinnedBlock::close);
        moreLocked.clear();
        ordinary.forEach(Memory::free);
        ordinary.clear();
        used = 0;
    }

    @Override
    public void close() {
        clear();
        if (locked == null) {
            Memory.free(place);
        } else {
            locked.close();
        }
    }
}

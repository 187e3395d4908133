package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.PinnedBlock;
import io.sparkmoe.core.cuda.driver.PinnedMemoryPool;
import io.sparkmoe.core.routing.BufferSource;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ForeignAllocation;

/**
 * Page-locked memory as Arrow buffers: the device copies to and from it at full speed and without the processor, and
 * nothing is copied again. Beyond the pool's bound, and for small buffers, Arrow's own memory serves; copies are then slower.
 */
final class PinnedResults {
    /** Below this a copy's latency counts, not its rate. */
    static final long LARGE = 1 << 16;

    private final PinnedMemoryPool pool;

    PinnedResults(PinnedMemoryPool pool) {
        this.pool = pool;
    }

    /** Buffers charged to {@code allocator}; closing a buffer returns its memory to the pool. */
    BufferSource chargedTo(BufferAllocator allocator) {
        return bytes -> take(allocator, bytes);
    }

    private ArrowBuf take(BufferAllocator allocator, long bytes) {
        PinnedBlock block = bytes < LARGE ? null : pool.take(bytes);
        if (block == null) {
            return allocator.buffer(bytes);
        }
        try {
            return allocator.wrapForeignAllocation(new Lent(block, bytes)).writerIndex(0);
        } catch (RuntimeException | Error e) {
            block.close();
            throw e;
        }
    }

    private static final class Lent extends ForeignAllocation {
        private final PinnedBlock block;

        Lent(PinnedBlock block, long bytes) {
            super(bytes, block.address());
            this.block = block;
        }

        @Override
        protected void release0() {
            block.close();
        }
    }
}

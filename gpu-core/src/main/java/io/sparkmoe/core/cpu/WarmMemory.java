package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.function.Function;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ForeignAllocation;
import org.jspecify.annotations.Nullable;

/**
 * Large result buffers, reused once released. Arrow's allocator takes every large buffer fresh from the system and
 * gives it back on release, so that each result would pay for its page faults: more than for the sort that fills it.
 *
 * <p>Buffers are charged to the caller's allocator like any other. Idle memory is bounded and charged to nobody.
 */
final class WarmMemory implements AutoCloseable {
    /** Below this, Arrow's own pools serve. */
    static final long LARGE = 1 << 20;

    /** Most idle bytes kept: two results of the usual 64 MiB. */
    static final long MAX_IDLE = 128 << 20;

    private record Block(long address, long bytes) {}

    /** Oldest first. */
    private final ArrayDeque<Block> idle = new ArrayDeque<>();

    private long idleBytes;
    private boolean closed;

    /** Runs an operator; what it has allocated is released again unless it answers. */
    <R> R answer(BufferAllocator allocator, Function<ResultBuffers, R> operator) {
        try (ResultBuffers out = new ResultBuffers(bytes -> take(allocator, bytes))) {
            R result = operator.apply(out);
            out.keep();
            return result;
        }
    }

    /** A buffer of at least {@code bytes}, of undefined content. */
    ArrowBuf take(BufferAllocator allocator, long bytes) {
        if (bytes < LARGE) {
            return allocator.buffer(bytes);
        }
        Block warm = takeIdle(bytes);
        Block block = warm != null ? warm : fresh(bytes);
        try {
            ArrowBuf buffer = allocator.wrapForeignAllocation(new Lent(block, bytes));
            return buffer.writerIndex(0);
        } catch (RuntimeException | Error e) {
            giveBack(block);
            throw e;
        }
    }

    /** Sizes in steps of an eighth, so that results of about one size fit each other's blocks. */
    private static Block fresh(long bytes) {
        long step = Math.max(LARGE, Long.highestOneBit(bytes) / 8);
        long rounded = (bytes + step - 1) / step * step;
        return new Block(Memory.allocate(rounded), rounded);
    }

    private synchronized @Nullable Block takeIdle(long bytes) {
        Block best = null;
        for (Block b : idle) {
            boolean fits = b.bytes >= bytes && b.bytes / 2 <= bytes;
            if (fits && (best == null || b.bytes < best.bytes)) {
                best = b;
            }
        }
        if (best != null) {
            idle.remove(best);
            idleBytes -= best.bytes;
        }
        return best;
    }

    private synchronized void giveBack(Block block) {
        idle.add(block);
        idleBytes += block.bytes;
        trim(closed ? 0 : MAX_IDLE);
    }

    private void trim(long most) {
        for (Iterator<Block> oldest = idle.iterator(); idleBytes > most; ) {
            Block b = oldest.next();
            oldest.remove();
            idleBytes -= b.bytes;
            Memory.free(b.address);
        }
    }

    synchronized long idleBytes() {
        return idleBytes;
    }

    /** Frees what is idle; what is lent is freed on its release. */
    @Override
    public synchronized void close() {
        closed = true;
        trim(0);
    }

    /** A block in a result; comes back when the last reference to the buffer is closed. */
    private final class Lent extends ForeignAllocation {
        private final Block block;

        Lent(Block block, long bytes) {
            super(bytes, block.address);
            this.block = block;
        }

        @Override
        protected void release0() {
            giveBack(block);
        }
    }
}

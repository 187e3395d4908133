package io.sparkmoe.core.cuda.driver;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The working of both pools: blocks in size classes, kept when given back, never more of them than a bound.
 *
 * <p>Classes are an eighth of a power of two apart, so that a block wastes at most an eighth. Idle blocks count against
 * the bound; they go back, largest first, when a new block needs their room.
 */
final class BlockCache {
    /** A block as the raw memory gave it; {@code bytes} is its class. */
    record Block(long address, long bytes) {}

    private final RawMemory raw;
    private final long limit;
    private final long smallest;

    /** Addresses by class. */
    private final TreeMap<Long, ArrayDeque<Long>> idle = new TreeMap<>();

    private volatile AllocationGate gate = AllocationGate.OPEN;
    private long usedBytes;
    private long usedBlocks;
    private long idleBytes;
    private long peakBytes;
    private boolean closed;

    BlockCache(RawMemory raw, long limit, long smallest) {
        if (limit < 1) {
            throw new IllegalArgumentException("the pool's limit is at least 1 byte, got " + limit);
        }
        this.raw = raw;
        this.limit = limit;
        this.smallest = smallest;
    }

    /** The size of block that serves {@code bytes}. */
    long sizeClass(long bytes) {
        long step = Math.max(smallest, Long.highestOneBit(bytes) / 8);
        long up = Math.addExact(Math.max(bytes, 1), step - 1);
        return up - up % step;
    }

    /** A block of at least {@code bytes}, or null when the bound or the memory is reached. */
    @Nullable
    Block take(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("a block is of 0 bytes or more, got " + bytes);
        }
        if (bytes > limit || !gate.admits(bytes)) {
            return null;
        }
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException("the pool is closed");
            }
            long size = sizeClass(bytes);
            Block block = takeIdle(size);
            if (block == null) {
                block = takeFresh(size);
            }
            if (block != null) {
                usedBlocks++;
                usedBytes += block.bytes;
                peakBytes = Math.max(peakBytes, usedBytes);
            }
            return block;
        }
    }

    /** An idle block of the class or of one up to a third larger. */
    private @Nullable Block takeIdle(long size) {
        Map.Entry<Long, ArrayDeque<Long>> fit = idle.ceilingEntry(size);
        if (fit == null || fit.getKey() - fit.getKey() / 4 > size) {
            return null;
        }
        return removeIdle(fit);
    }

    private Block removeIdle(Map.Entry<Long, ArrayDeque<Long>> of) {
        Block block = new Block(of.getValue().pop(), of.getKey());
        if (of.getValue().isEmpty()) {
            idle.remove(block.bytes);
        }
        idleBytes -= block.bytes;
        return block;
    }

    private @Nullable Block takeFresh(long size) {
        if (size > limit - usedBytes) {
            return null;
        }
        trimTo(limit - usedBytes - size);
        try {
            return new Block(raw.allocate(size), size);
        } catch (OutOfDeviceMemoryException e) {
            if (idleBytes == 0) {
                return null;
            }
        }
        trimTo(0);
        try {
            return new Block(raw.allocate(size), size);
        } catch (OutOfDeviceMemoryException e) {
            return null;
        }
    }

    /** Gives idle blocks back until at most that many bytes are idle. */
    synchronized void trimTo(long most) {
        while (idleBytes > most) {
            raw.free(removeIdle(idle.lastEntry()).address);
        }
    }

    synchronized void giveBack(Block block) {
        usedBlocks--;
        usedBytes -= block.bytes;
        idleBytes += block.bytes;
        idle.computeIfAbsent(block.bytes, size -> new ArrayDeque<>()).push(block.address);
        if (closed) {
            trimTo(0);
        }
    }

    void gate(AllocationGate newGate) {
        gate = newGate;
    }

    long limit() {
        return limit;
    }

    synchronized long used() {
        return usedBytes;
    }

    synchronized long idleBytes() {
        return idleBytes;
    }

    synchronized long peak() {
        return peakBytes;
    }

    /** Frees what is idle; what is lent is freed when it comes back. */
    synchronized void close(String kind) {
        closed = true;
        trimTo(0);
        if (usedBlocks > 0) {
            throw new IllegalStateException("the " + kind + " pool was closed while " + usedBlocks + " blocks of "
                    + usedBytes + " bytes in all were out");
        }
    }
}

package io.sparkmoe.core.routing;

import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Collects segments into one contiguous {@link RoutingBatch}; reused from batch to batch. Not thread-safe.
 *
 * <pre>{@code
 * builder.reset(IdType.INT32, 0);
 * builder.addSegment(new int[] {3, 1, 3});
 * try (CompactResult r = backend.alignCompact(builder.build(), options, allocator)) { ... }
 * }</pre>
 */
public final class RoutingBatchBuilder implements AutoCloseable {
    private final BufferSource buffers;
    private ArrowBuf ids;
    private ArrowBuf offsets;
    private IdType type = IdType.INT32;
    private int segments;
    private long count;
    private long firstRow;

    public RoutingBatchBuilder(BufferAllocator allocator) {
        this(allocator::buffer);
    }

    /** Collects into a backend's own memory: {@link RoutingBackend#inputBuffers}. */
    public RoutingBatchBuilder(BufferSource buffers) {
        this.buffers = buffers;
        this.ids = buffers.take(1 << 12);
        try {
            this.offsets = buffers.take(1 << 12);
        } catch (RuntimeException | Error e) {
            ids.close();
            throw e;
        }
        offsets.setInt(0, 0);
    }

    /** Starts a new batch of ids of one type. */
    public void reset(IdType newType, long newFirstRow) {
        type = newType;
        firstRow = newFirstRow;
        segments = 0;
        count = 0;
        offsets.setInt(0, 0);
    }

    public IdType type() {
        return type;
    }

    public int segments() {
        return segments;
    }

    /** Number of the batch's first row, for messages. */
    public long firstRow() {
        return firstRow;
    }

    /** Ids of the segment that was ended last. */
    public int lastLength() {
        return segments == 0 ? 0 : (int) count - Memory.getInt(offsets.memoryAddress() + 4L * (segments - 1));
    }

    /** Ids so far. */
    public long ids() {
        return count;
    }

    /** Bytes of ids so far. */
    public long bytes() {
        return count * type.bytes();
    }

    /**
     * Makes room for {@code more} ids and returns the address to write the first of them at. Nothing counts until
     * {@link #endSegment}.
     *
     * @throws MalformedRoutingException when the batch would pass 2^31 - 1 ids
     */
    public long reserve(long more) {
        if (count + more > Integer.MAX_VALUE) {
            throw MalformedRoutingException.tooLarge(firstRow + segments, "the batch's ids", count + more);
        }
        ids = grown(ids, (count + more) * type.bytes(), count * type.bytes());
        return ids.memoryAddress() + count * type.bytes();
    }

    /** Ends a segment of {@code length} ids, which the caller has written at the reserved address. */
    public void endSegment(int length) {
        count += length;
        segments++;
        offsets = grown(offsets, 4L * (segments + 1L), 4L * segments);
        Memory.putInt(offsets.memoryAddress() + 4L * segments, (int) count);
    }

    /** Copies a segment of int32 ids; the builder's type must be INT32. */
    public void addSegment(int[] topkIds) {
        addSegment(topkIds, 0, topkIds.length);
    }

    /** Copies {@code length} int32 ids from {@code from}; the builder's type must be INT32. */
    public void addSegment(int[] topkIds, int from, int length) {
        if (type != IdType.INT32) {
            throw new IllegalStateException("addSegment(int[]) needs a builder of INT32, this one holds " + type);
        }
        long at = reserve(length);
        Memory.copy(topkIds, Memory.INTS + 4L * from, at, 4L * length);
        endSegment(length);
    }

    /**
     * Rewrites what has been collected in a wider type; used when a batch mixes widths.
     *
     * @throws IllegalArgumentException when there are ids and {@code wider} cannot hold every id of the present type
     */
    public void widen(IdType wider) {
        if (wider == type) {
            return;
        }
        if (count > 0 && !wider.holds(type)) {
            throw new IllegalArgumentException(wider + " cannot hold every id of " + type);
        }
        RoutingBatch old = build();
        ArrowBuf next = buffers.take(Math.max(1, count * wider.bytes()));
        IdCodec.convert(old, next.memoryAddress(), wider);
        ids.close();
        ids = next;
        type = wider;
    }

    /** A view of the batch, valid until the next reset, widen or close. */
    public RoutingBatch build() {
        return new RoutingBatch(type, segments, offsets.memoryAddress(), ids.memoryAddress(), firstRow);
    }

    private ArrowBuf grown(ArrowBuf buffer, long needed, long used) {
        if (needed <= buffer.capacity()) {
            return buffer;
        }
        ArrowBuf next = buffers.take(Math.max(needed, buffer.capacity() * 2));
        Memory.copy(buffer.memoryAddress(), next.memoryAddress(), used);
        buffer.close();
        return next;
    }

    @Override
    public void close() {
        ids.close();
        offsets.close();
    }

    @Override
    public String toString() {
        return "RoutingBatchBuilder" + Arrays.asList(type, segments, count);
    }
}

package io.sparkmoe.core.reorder;

import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBackend;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Collects segments of one type into one contiguous {@link TensorBatch}; reused from batch to batch. Not thread-safe.
 *
 * <pre>{@code
 * builder.reset(TensorType.FP16, 0);
 * builder.addSegment(hidden);
 * try (TensorResult r = backend.preReorder(builder.build(), ...)) { ... }
 * }</pre>
 */
public final class TensorBatchBuilder implements AutoCloseable {
    private final BufferSource buffers;
    private ArrowBuf values;
    private ArrowBuf offsets;
    private TensorType type = TensorType.FP32;
    private int segments;
    private long count;
    private long firstRow;

    public TensorBatchBuilder(BufferAllocator allocator) {
        this(allocator::buffer);
    }

    /** Collects into a backend's own memory: {@link RoutingBackend#inputBuffers}. */
    public TensorBatchBuilder(BufferSource buffers) {
        this.buffers = buffers;
        this.values = buffers.take(1 << 12);
        try {
            this.offsets = buffers.take(1 << 10);
        } catch (RuntimeException | Error e) {
            values.close();
            throw e;
        }
        offsets.setLong(0, 0);
    }

    /** Starts a new batch of elements of one type. */
    public void reset(TensorType newType, long newFirstRow) {
        type = newType;
        firstRow = newFirstRow;
        segments = 0;
        count = 0;
        offsets.setLong(0, 0);
    }

    /**
     * Says the type of what comes next, which is that of the elements so far.
     *
     * @throws IllegalStateException when there are elements of another type
     */
    public void retype(TensorType newType) {
        if (count > 0 && type != newType) {
            throw new IllegalStateException("a slice holds " + type + " and then " + newType);
        }
        type = newType;
    }

    public TensorType type() {
        return type;
    }

    public int segments() {
        return segments;
    }

    /** Number of the segment that comes next, in the caller's counting. */
    public long row() {
        return firstRow + segments;
    }

    /** Elements so far. */
    public long elements() {
        return count;
    }

    /** Bytes of elements so far. */
    public long bytes() {
        return count * type.bytes();
    }

    /** Makes room for {@code more} elements and returns where to write the first. They count from {@link #endSegment} on. */
    public long reserve(long more) {
        values = grown(values, (count + more) * type.bytes(), bytes());
        return values.memoryAddress() + bytes();
    }

    /** Ends a segment of {@code length} elements, which the caller has written at the reserved address. */
    public void endSegment(long length) {
        count += length;
        segments++;
        offsets = grown(offsets, 8L * (segments + 1L), 8L * segments);
        Memory.putLong(offsets.memoryAddress() + 8L * segments, count);
    }

    /** Adds a segment of numbers, rounded to the batch's type. */
    public void addSegment(float[] numbers) {
        long at = reserve(numbers.length);
        for (int i = 0; i < numbers.length; i++) {
            Conversions.write(type, numbers[i], at + (long) i * type.bytes());
        }
        endSegment(numbers.length);
    }

    /** A view of the batch, valid until the next reset or close. */
    public TensorBatch build() {
        return new TensorBatch(type, segments, offsets.memoryAddress(), values.memoryAddress(), firstRow);
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
        values.close();
        offsets.close();
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.Memory;
import org.apache.arrow.memory.ArrowBuf;

/** Collects segments of one type into one contiguous {@link TensorBatch}; reused from batch to batch. */
final class TensorBuilder implements AutoCloseable {
    private final BufferSource buffers;
    private ArrowBuf values;
    private ArrowBuf offsets;
    private TensorType type = TensorType.FP32;
    private int segments;
    private long count;
    private long firstRow;

    TensorBuilder(BufferSource buffers) {
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

    void reset(TensorType newType, long newFirstRow) {
        type = newType;
        firstRow = newFirstRow;
        segments = 0;
        count = 0;
        offsets.setLong(0, 0);
    }

    /** Says the type of what comes next, which is that of the values so far. */
    void retype(TensorType newType) {
        if (count > 0 && type != newType) {
            throw new IllegalStateException("a slice holds " + type + " and then " + newType);
        }
        type = newType;
    }

    TensorType type() {
        return type;
    }

    /** Number of the segment that comes next, in the task's counting. */
    long row() {
        return firstRow + segments;
    }

    long count() {
        return count;
    }

    long bytes() {
        return count * type.bytes();
    }

    /** Makes room for {@code more} elements; returns where to write the first of them. */
    long reserve(long more) {
        values = grown(values, (count + more) * type.bytes(), bytes());
        return values.memoryAddress() + bytes();
    }

    /** Ends a segment of {@code length} elements, written at the reserved address. */
    void endSegment(long length) {
        count += length;
        segments++;
        offsets = grown(offsets, 8L * (segments + 1L), 8L * segments);
        Memory.putLong(offsets.memoryAddress() + 8L * segments, count);
    }

    /** A view, valid until the next reset or close. */
    TensorBatch build() {
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

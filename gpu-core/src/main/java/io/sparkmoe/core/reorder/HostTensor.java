package io.sparkmoe.core.reorder;

import io.sparkmoe.core.routing.ResultBuffers;
import org.apache.arrow.memory.ArrowBuf;

/**
 * A result in host memory.
 *
 * @param offsets int64 [segments + 1] in elements, from 0
 * @param values offsets[segments] elements of the type
 */
public record HostTensor(TensorType type, int segments, ArrowBuf offsets, ArrowBuf values, long firstRow)
        implements TensorResult {
    /**
     * A tensor of undefined values.
     *
     * @param offsets int64 [segments + 1] in elements, from 0; one of {@code out}'s buffers
     */
    public static HostTensor over(TensorType type, int segments, ArrowBuf offsets, long firstRow, ResultBuffers out) {
        return new HostTensor(
                type, segments, offsets, out.take(offsets.getLong(8L * segments) * type.bytes()), firstRow);
    }

    @Override
    public long offsetsAddress() {
        return offsets.memoryAddress();
    }

    @Override
    public TensorBatch host() {
        if (offsets.refCnt() == 0) {
            throw new IllegalStateException("the tensor is closed");
        }
        return new TensorBatch(type, segments, offsets.memoryAddress(), values.memoryAddress(), firstRow);
    }

    @Override
    public boolean resident() {
        return false;
    }

    @Override
    public void close() {
        if (offsets.refCnt() > 0) {
            offsets.close();
            values.close();
        }
    }
}

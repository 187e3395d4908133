package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.CudaException;
import io.sparkmoe.core.cuda.driver.DeviceBlock;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.BufferSource;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/** A result that lies in device memory, of which the host makes itself a copy when it asks. */
final class CudaTensor implements TensorResult {
    private final TensorType type;
    private final int segments;
    private final long firstRow;
    private final ArrowBuf offsets;
    private final DeviceBlock block;
    private final BufferSource buffers;
    private final DeviceCalls calls;
    private @Nullable ArrowBuf values;
    private boolean closed;

    /**
     * @param offsets int64 [segments + 1] in elements, from 0; the tensor's from now on, as is the block
     * @param buffers where the host's copy is to lie
     */
    CudaTensor(
            TensorType type,
            int segments,
            long firstRow,
            ArrowBuf offsets,
            DeviceBlock block,
            BufferSource buffers,
            DeviceCalls calls) {
        this.type = type;
        this.segments = segments;
        this.firstRow = firstRow;
        this.offsets = offsets;
        this.block = block;
        this.buffers = buffers;
        this.calls = calls;
    }

    /** Whether the lane's kernels can read it where it lies. */
    boolean liesOn(Lane lane) {
        requireOpen();
        return calls.owns(lane);
    }

    /** Device address of the first element. */
    long device() {
        return block.address();
    }

    @Override
    public TensorType type() {
        return type;
    }

    @Override
    public int segments() {
        return segments;
    }

    @Override
    public long firstRow() {
        return firstRow;
    }

    @Override
    public long offsetsAddress() {
        return offsets.memoryAddress();
    }

    @Override
    public TensorBatch host() {
        requireOpen();
        ArrowBuf copy = values;
        if (copy == null) {
            copy = copied();
            values = copy;
        }
        return new TensorBatch(type, segments, offsets.memoryAddress(), copy.memoryAddress(), firstRow);
    }

    private ArrowBuf copied() {
        long bytes = totalElements() * type.bytes();
        ArrowBuf to = buffers.take(bytes);
        try (Lane lane = calls.begin()) {
            lane.uploaded();
            lane.computed();
            lane.copyBack(to.memoryAddress(), block.address(), bytes);
            lane.end();
            return to;
        } catch (CudaException e) {
            to.close();
            throw calls.lost() ? lostWith(e) : e;
        } catch (RuntimeException | Error e) {
            to.close();
            throw e;
        }
    }

    private static IllegalStateException lostWith(CudaException e) {
        return new IllegalStateException(
                "the GPU was lost with a tensor that lay there: " + e.getMessage()
                        + ". Compute it again: Spark does when it repeats the task.",
                e);
    }

    @Override
    public boolean resident() {
        return !closed && values == null;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the tensor is closed");
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        block.close();
        offsets.close();
        if (values != null) {
            values.close();
        }
    }
}

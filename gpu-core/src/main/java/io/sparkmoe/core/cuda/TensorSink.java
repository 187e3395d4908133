package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.DeviceBlock;
import io.sparkmoe.core.reorder.HostTensor;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/**
 * Where a call's result goes: that of a whole batch stays on the device; that of a part, cut because device memory is
 * short, goes to the host at once.
 */
final class TensorSink {
    private final TensorType type;
    private final long[] rows;
    private final long hidden;
    private final long firstRow;
    private final @Nullable DeviceBlock kept;
    private final long device;

    /**
     * @param rows result rows before each segment, and of all
     * @param whole whether this is the whole batch
     */
    TensorSink(TensorType type, long[] rows, long hidden, long firstRow, boolean whole, Lane lane) {
        this.type = type;
        this.rows = rows;
        this.hidden = hidden;
        this.firstRow = firstRow;
        this.kept = whole ? lane.keep(bytes()) : null;
        this.device = kept == null ? lane.take(bytes()) : kept.address();
    }

    /** Device address that the kernels write to. */
    long device() {
        return device;
    }

    long bytes() {
        return rows() * hidden * type.bytes();
    }

    long rows() {
        return rows[rows.length - 1];
    }

    /** The result, when all launches are made and have been found good. */
    TensorResult result(Lane lane, ResultBuffers out, BufferSource buffers, DeviceCalls calls) {
        ArrowBuf offsets = offsets(out);
        int segments = rows.length - 1;
        if (kept != null) {
            return new CudaTensor(type, segments, firstRow, offsets, kept, buffers, calls);
        }
        HostTensor tensor = HostTensor.over(type, segments, offsets, firstRow, out);
        lane.copyBack(tensor.values().memoryAddress(), device, bytes());
        return tensor;
    }

    private ArrowBuf offsets(ResultBuffers out) {
        ArrowBuf offsets = out.take(8L * rows.length);
        for (int s = 0; s < rows.length; s++) {
            Memory.putLong(offsets.memoryAddress() + 8L * s, rows[s] * hidden);
        }
        return offsets;
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.types.DataTypes;
import org.jspecify.annotations.Nullable;

/**
 * Tensors as packed binary. The values stay where the backend has them until somebody reads a row; a batch node above takes
 * the tensor itself.
 */
final class TensorColumn extends BufferColumn {
    private final TensorResult tensor;
    private final int lastDim;
    private Runnable moved = () -> {};

    TensorColumn(TensorResult tensor, int lastDim, long @Nullable [] nulls) {
        super(DataTypes.BinaryType, nulls);
        this.tensor = tensor;
        this.lastDim = lastDim;
    }

    /** What to call when the values have been copied to the host. */
    void onMove(Runnable listener) {
        moved = listener;
    }

    int lastDim() {
        return lastDim;
    }

    TensorType type() {
        return tensor.type();
    }

    /** The tensor, wherever its values are. */
    Activations tensor() {
        return tensor;
    }

    /** The tensor in host memory. */
    TensorBatch host() {
        boolean moves = tensor.resident();
        TensorBatch host = tensor.host();
        if (moves) {
            moved.run();
        }
        return host;
    }

    @Override
    public byte @Nullable [] getBinary(int row) {
        if (isNullAt(row)) {
            return null;
        }
        TensorBatch host = host();
        long bytes = host.elements(row) * host.type().bytes();
        if (bytes > Integer.MAX_VALUE - 2L * PackedTensor.HEADER_BYTES) {
            throw new IllegalStateException("row " + (host.firstRow() + row) + ": a tensor of " + bytes
                    + " bytes does not fit a binary value, which has at most 2^31 - 1. Use fewer tokens a row.");
        }
        byte[] packed = new byte[(int) bytes + PackedTensor.HEADER_BYTES];
        PackedTensor.header(packed, host.type(), lastDim);
        Memory.copyOut(host.address(row), packed, Memory.BYTES + PackedTensor.HEADER_BYTES, bytes);
        return packed;
    }
}

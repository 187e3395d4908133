package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.Platform;

/** fp32 values at an address; no nulls. */
final class FloatColumn extends BufferColumn {
    private final long address;

    FloatColumn(long address) {
        super(DataTypes.FloatType, null);
        this.address = address;
    }

    long address() {
        return address;
    }

    @Override
    public float getFloat(int row) {
        return Float.intBitsToFloat(Memory.getInt(address + 4L * row));
    }

    @Override
    public float[] getFloats(int row, int count) {
        float[] out = new float[count];
        Memory.copyOut(address + 4L * row, out, Platform.FLOAT_ARRAY_OFFSET, 4L * count);
        return out;
    }
}

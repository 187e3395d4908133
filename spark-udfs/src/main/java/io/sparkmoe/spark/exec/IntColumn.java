package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.types.DataTypes;

/** int32 values at an address; no nulls. */
final class IntColumn extends BufferColumn {
    private final long address;

    IntColumn(long address) {
        super(DataTypes.IntegerType, null);
        this.address = address;
    }

    long address() {
        return address;
    }

    @Override
    public int getInt(int row) {
        return Memory.getInt(address + 4L * row);
    }

    @Override
    public int[] getInts(int row, int count) {
        int[] out = new int[count];
        Memory.copyOut(address + 4L * row, out, Memory.INTS, 4L * count);
        return out;
    }
}

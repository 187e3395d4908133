package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.types.DataTypes;

/** int64 values at an address; no nulls. */
final class LongColumn extends BufferColumn {
    private final long address;

    LongColumn(long address) {
        super(DataTypes.LongType, null);
        this.address = address;
    }

    @Override
    public long getLong(int row) {
        return Memory.getLong(address + 8L * row);
    }

    @Override
    public long[] getLongs(int row, int count) {
        long[] out = new long[count];
        Memory.copyOut(address + 8L * row, out, Memory.LONGS, 8L * count);
        return out;
    }
}

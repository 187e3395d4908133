package io.sparkmoe.spark.exec;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.unsafe.types.UTF8String;

/** One field of a list of rows, seen as a column: how few, small rows leave a columnar node. Atomic types only. */
final class RowsColumn extends BufferColumn {
    private final List<InternalRow> rows;
    private final int field;

    RowsColumn(List<InternalRow> rows, int field, DataType type) {
        super(type, null);
        this.rows = rows;
        this.field = field;
    }

    @Override
    public boolean hasNull() {
        return true;
    }

    @Override
    public boolean isNullAt(int row) {
        return rows.get(row).isNullAt(field);
    }

    @Override
    public boolean getBoolean(int row) {
        return rows.get(row).getBoolean(field);
    }

    @Override
    public byte getByte(int row) {
        return rows.get(row).getByte(field);
    }

    @Override
    public short getShort(int row) {
        return rows.get(row).getShort(field);
    }

    @Override
    public int getInt(int row) {
        return rows.get(row).getInt(field);
    }

    @Override
    public long getLong(int row) {
        return rows.get(row).getLong(field);
    }

    @Override
    public float getFloat(int row) {
        return rows.get(row).getFloat(field);
    }

    @Override
    public double getDouble(int row) {
        return rows.get(row).getDouble(field);
    }

    @Override
    public Decimal getDecimal(int row, int precision, int scale) {
        return rows.get(row).getDecimal(field, precision, scale);
    }

    @Override
    public UTF8String getUTF8String(int row) {
        return rows.get(row).getUTF8String(field);
    }

    @Override
    public byte[] getBinary(int row) {
        return rows.get(row).getBinary(field);
    }
}

package io.sparkmoe.spark.exec;

import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.apache.spark.unsafe.types.CalendarInterval;
import org.apache.spark.unsafe.types.UTF8String;

/** The rows of another column from an offset on: a slice of a batch without a copy. */
public final class OffsetColumn extends BufferColumn {
    private final ColumnVector column;
    private final int offset;

    public OffsetColumn(ColumnVector column, int offset) {
        super(column.dataType(), null);
        this.column = column;
        this.offset = offset;
    }

    ColumnVector column() {
        return column;
    }

    int offset() {
        return offset;
    }

    @Override
    public boolean hasNull() {
        return column.hasNull();
    }

    @Override
    public int numNulls() {
        return column.numNulls();
    }

    @Override
    public boolean isNullAt(int row) {
        return column.isNullAt(offset + row);
    }

    @Override
    public boolean getBoolean(int row) {
        return column.getBoolean(offset + row);
    }

    @Override
    public byte getByte(int row) {
        return column.getByte(offset + row);
    }

    @Override
    public short getShort(int row) {
        return column.getShort(offset + row);
    }

    @Override
    public int getInt(int row) {
        return column.getInt(offset + row);
    }

    @Override
    public long getLong(int row) {
        return column.getLong(offset + row);
    }

    @Override
    public float getFloat(int row) {
        return column.getFloat(offset + row);
    }

    @Override
    public double getDouble(int row) {
        return column.getDouble(offset + row);
    }

    @Override
    public ColumnarArray getArray(int row) {
        return column.getArray(offset + row);
    }

    @Override
    public ColumnarMap getMap(int row) {
        return column.getMap(offset + row);
    }

    @Override
    public Decimal getDecimal(int row, int precision, int scale) {
        return column.getDecimal(offset + row, precision, scale);
    }

    @Override
    public UTF8String getUTF8String(int row) {
        return column.getUTF8String(offset + row);
    }

    @Override
    public byte[] getBinary(int row) {
        return column.getBinary(offset + row);
    }

    @Override
    public CalendarInterval getInterval(int row) {
        return column.getInterval(offset + row);
    }

    @Override
    public ColumnVector getChild(int ordinal) {
        return new OffsetColumn(column.getChild(ordinal), offset);
    }
}

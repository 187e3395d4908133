package io.sparkmoe.spark.trace;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.apache.spark.unsafe.types.UTF8String;

/** A column seen through another one, which owns the memory; subclasses answer what their type needs. */
abstract class ViewVector extends ColumnVector {
    final ColumnVector base;

    ViewVector(DataType type, ColumnVector base) {
        super(type);
        this.base = base;
    }

    /** The row of the base that a row stands for. */
    int row(int row) {
        return row;
    }

    @Override
    public void close() {
        // The memory is the base's.
    }

    @Override
    public boolean hasNull() {
        return base.hasNull();
    }

    @Override
    public int numNulls() {
        return base.numNulls();
    }

    @Override
    public boolean isNullAt(int row) {
        return base.isNullAt(row(row));
    }

    @Override
    public boolean getBoolean(int row) {
        return base.getBoolean(row(row));
    }

    @Override
    public byte getByte(int row) {
        return base.getByte(row(row));
    }

    @Override
    public short getShort(int row) {
        return base.getShort(row(row));
    }

    @Override
    public int getInt(int row) {
        return base.getInt(row(row));
    }

    @Override
    public long getLong(int row) {
        return base.getLong(row(row));
    }

    @Override
    public float getFloat(int row) {
        return base.getFloat(row(row));
    }

    @Override
    public double getDouble(int row) {
        return base.getDouble(row(row));
    }

    @Override
    public ColumnarArray getArray(int row) {
        return base.getArray(row(row));
    }

    @Override
    public ColumnarMap getMap(int row) {
        return base.getMap(row(row));
    }

    @Override
    public Decimal getDecimal(int row, int precision, int scale) {
        return base.getDecimal(row(row), precision, scale);
    }

    @Override
    public UTF8String getUTF8String(int row) {
        return base.getUTF8String(row(row));
    }

    @Override
    public byte[] getBinary(int row) {
        return base.getBinary(row(row));
    }

    @Override
    public ColumnVector getChild(int ordinal) {
        return base.getChild(ordinal);
    }
}

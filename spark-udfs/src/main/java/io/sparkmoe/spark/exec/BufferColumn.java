package io.sparkmoe.spark.exec;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * A column over memory that somebody else owns and frees; close is therefore a no-op. Subclasses answer for one type.
 *
 * <p>Over Arrow buffers without Arrow's vector classes: no validity bitmap has to be made for results that have no nulls,
 * and an element costs one read.
 */
public abstract class BufferColumn extends ColumnVector {
    private final long @Nullable [] nulls;

    /** @param nulls bit r set: row r is NULL; null: no row is */
    protected BufferColumn(DataType type, long @Nullable [] nulls) {
        super(type);
        this.nulls = nulls;
    }

    @Override
    public void close() {}

    @Override
    public boolean hasNull() {
        return nulls != null;
    }

    @Override
    public int numNulls() {
        int n = 0;
        if (nulls != null) {
            for (long word : nulls) {
                n += Long.bitCount(word);
            }
        }
        return n;
    }

    @Override
    public boolean isNullAt(int row) {
        return nulls != null && (nulls[row >> 6] & (1L << row)) != 0;
    }

    private UnsupportedOperationException wrongType(String asked) {
        return new UnsupportedOperationException(
                asked + " of a column of " + dataType().sql());
    }

    @Override
    public boolean getBoolean(int row) {
        throw wrongType("getBoolean");
    }

    @Override
    public byte getByte(int row) {
        throw wrongType("getByte");
    }

    @Override
    public short getShort(int row) {
        throw wrongType("getShort");
    }

    @Override
    public int getInt(int row) {
        throw wrongType("getInt");
    }

    @Override
    public long getLong(int row) {
        throw wrongType("getLong");
    }

    @Override
    public float getFloat(int row) {
        throw wrongType("getFloat");
    }

    @Override
    public double getDouble(int row) {
        throw wrongType("getDouble");
    }

    @Override
    public ColumnarArray getArray(int row) {
        throw wrongType("getArray");
    }

    @Override
    public ColumnarMap getMap(int row) {
        throw wrongType("getMap");
    }

    @Override
    public Decimal getDecimal(int row, int precision, int scale) {
        throw wrongType("getDecimal");
    }

    @Override
    public UTF8String getUTF8String(int row) {
        throw wrongType("getUTF8String");
    }

    @Override
    public byte[] getBinary(int row) {
        throw wrongType("getBinary");
    }

    @Override
    public ColumnVector getChild(int ordinal) {
        throw wrongType("getChild");
    }
}

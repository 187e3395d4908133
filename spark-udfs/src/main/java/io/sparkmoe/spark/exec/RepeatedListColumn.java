package io.sparkmoe.spark.exec;

import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;

/** The same list of ints on every row. */
final class RepeatedListColumn extends BufferColumn {
    private final ColumnVector elements;
    private final int length;

    RepeatedListColumn(int[] list) {
        super(DataTypes.createArrayType(DataTypes.IntegerType, false), null);
        int[] copy = list.clone();
        this.length = copy.length;
        this.elements = new BufferColumn(DataTypes.IntegerType, null) {
            @Override
            public int getInt(int row) {
                return copy[row];
            }
        };
    }

    @Override
    public ColumnarArray getArray(int row) {
        return new ColumnarArray(elements, 0, length);
    }

    @Override
    public ColumnVector getChild(int ordinal) {
        return elements;
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.jspecify.annotations.Nullable;

/** Lists of int32, int64 or fp32 in Arrow's layout. */
final class ListColumn extends BufferColumn {
    private final long offsets;
    private final ColumnVector elements;

    private ListColumn(ListBuffer lists, ColumnVector elements, long @Nullable [] nulls) {
        super(DataTypes.createArrayType(elements.dataType(), false), nulls);
        this.offsets = lists.offsets().memoryAddress();
        this.elements = elements;
    }

    static ListColumn of(ListBuffer lists) {
        return of(lists, null);
    }

    static ListColumn of(ListBuffer lists, long @Nullable [] nulls) {
        long values = lists.values().memoryAddress();
        return new ListColumn(lists, lists.elementBytes() == 8 ? new LongColumn(values) : new IntColumn(values), nulls);
    }

    /** Lists of fp32. */
    static ListColumn floats(ListBuffer lists, long @Nullable [] nulls) {
        return new ListColumn(lists, new FloatColumn(lists.values().memoryAddress()), nulls);
    }

    int start(int row) {
        return Memory.getInt(offsets + 4L * row);
    }

    @Override
    public ColumnarArray getArray(int row) {
        int start = start(row);
        return new ColumnarArray(elements, start, start(row + 1) - start);
    }

    @Override
    public ColumnVector getChild(int ordinal) {
        return elements;
    }
}

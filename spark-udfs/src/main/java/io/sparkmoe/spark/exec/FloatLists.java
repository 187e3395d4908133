package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.TensorBatchBuilder;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;
import org.apache.spark.unsafe.Platform;

/**
 * Copies lists of float into a builder: our own results and Spark's vectors by runs, unsafe arrays by one copy.
 *
 * @param name of the parameter, for messages
 */
record FloatLists(String name) {
    static long length(InputColumn column, int row) {
        if (column instanceof InputColumn.Vector v && v.column() instanceof WritableColumnVector w) {
            return w.getArrayLength(v.offset() + row);
        }
        return ((ArrayData) column.value(row)).numElements();
    }

    /** Adds a row, which is not NULL. */
    void add(InputColumn column, int row, TensorBatchBuilder to) {
        if (column instanceof InputColumn.Vector v) {
            int at = v.offset() + row;
            if (v.column() instanceof WritableColumnVector lists) {
                addWritable(lists, at, to);
                return;
            }
            if (v.column() instanceof ListColumn own && own.getChild(0) instanceof FloatColumn values) {
                int n = own.start(at + 1) - own.start(at);
                Memory.copy(values.address() + 4L * own.start(at), to.reserve(n), 4L * n);
                to.endSegment(n);
                return;
            }
        }
        addArray((ArrayData) column.value(row), to);
    }

    private void addWritable(WritableColumnVector lists, int row, TensorBatchBuilder to) {
        int start = lists.getArrayOffset(row);
        int n = lists.getArrayLength(row);
        WritableColumnVector elements = lists.getChild(0);
        for (int i = 0; elements.hasNull() && i < n; i++) {
            if (elements.isNullAt(start + i)) {
                throw nullElement(to, i);
            }
        }
        long address = to.reserve(n);
        if (n > 0) {
            Memory.copy(elements.getFloats(start, n), Platform.FLOAT_ARRAY_OFFSET, address, 4L * n);
        }
        to.endSegment(n);
    }

    private void addArray(ArrayData list, TensorBatchBuilder to) {
        int n = list.numElements();
        for (int i = 0; i < n; i++) {
            if (list.isNullAt(i)) {
                throw nullElement(to, i);
            }
        }
        long address = to.reserve(n);
        if (list instanceof UnsafeArrayData unsafe) {
            long from = unsafe.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(n);
            Memory.copy(unsafe.getBaseObject(), from, address, 4L * n);
        } else {
            for (int i = 0; i < n; i++) {
                Memory.putInt(address + 4L * i, Float.floatToRawIntBits(list.getFloat(i)));
            }
        }
        to.endSegment(n);
    }

    private MalformedRoutingException nullElement(TensorBatchBuilder at, int position) {
        return new MalformedRoutingException(
                at.row(),
                position,
                String.format(
                        "row %d, position %d: %s has a NULL element; every value of a tensor must be a number. Replace it, "
                                + "or make the whole array NULL.",
                        at.row(), position, name));
    }
}

package io.sparkmoe.spark.exec;

import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;
import org.apache.spark.unsafe.Platform;
import org.jspecify.annotations.Nullable;

/** Where a row's binary value lies, found without copying it where that can be had. */
final class BinaryCursor {
    private @Nullable InputColumn column;
    private int row;
    private @Nullable Object base;
    private long offset;
    private int size;
    private @Nullable WritableColumnVector vector;

    /** Turns to a row, which is not NULL. */
    void at(InputColumn newColumn, int newRow) {
        column = newColumn;
        row = newRow;
        vector = null;
        base = null;
        if (newColumn instanceof InputColumn.Vector v
                && v.column() instanceof WritableColumnVector w
                && !w.hasDictionary()) {
            vector = w;
            row = v.offset() + newRow;
            size = w.getArrayLength(row);
            return;
        }
        UnsafeRow unsafe = newColumn instanceof InputColumn.Rows r ? r.unsafe(newRow) : null;
        if (unsafe == null) {
            whole((byte[]) newColumn.value(newRow));
            return;
        }
        long word = unsafe.getLong(((InputColumn.Rows) newColumn).unsafeField());
        base = unsafe.getBaseObject();
        offset = unsafe.getBaseOffset() + (word >>> 32);
        size = (int) word;
    }

    private void whole(byte[] bytes) {
        base = bytes;
        offset = Platform.BYTE_ARRAY_OFFSET;
        size = bytes.length;
    }

    int size() {
        return size;
    }

    /** One byte of the value. */
    byte peek(int index) {
        return vector == null
                ? Platform.getByte(base, offset + index)
                : vector.arrayData().getByte(vector.getArrayOffset(row) + index);
    }

    /** What the bytes lie in, as Spark's Platform takes it. */
    @Nullable
    Object base() {
        if (vector != null) {
            whole(vector.getBinary(row));
            vector = null;
        }
        return base;
    }

    /** Where in {@link #base} they lie; asked for after it. */
    long offset() {
        return offset;
    }
}

package io.sparkmoe.spark.exec;

import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** A slice of a columnar child: every column is a vector. */
record ColumnSlice(ColumnarBatch batch) implements Slice {
    @Override
    public int rows() {
        return batch.numRows();
    }

    @Override
    public InputColumn input(InputRef ref) {
        return ref instanceof InputRef.Column c
                ? InputColumn.Vector.of(batch.column(c.ordinal()), c)
                : new InputColumn.Constant((InputRef.Constant) ref);
    }

    @Override
    public ColumnSlice with(int[] passed, int from, int to, ColumnVector[] results) {
        ColumnVector[] columns = new ColumnVector[passed.length + results.length];
        // A consumer may close what it is given after each batch, so only a batch that goes whole is passed on as it
        // is.
        boolean whole = to - from == batch.numRows();
        for (int i = 0; i < passed.length; i++) {
            columns[i] = Slice.from(batch.column(passed[i]), from, whole);
        }
        System.arraycopy(results, 0, columns, passed.length, results.length);
        return new ColumnSlice(new ColumnarBatch(columns, to - from));
    }
}

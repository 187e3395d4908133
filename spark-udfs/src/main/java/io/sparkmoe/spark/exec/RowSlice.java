package io.sparkmoe.spark.exec;

import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/**
 * A slice of buffered rows: the child's fields stay in the rows, results are vectors beside them. So batch nodes over one
 * another hand their results on as columns where the child gives rows.
 *
 * @param width fields of each row
 * @param columns where each column of the slice is: below {@code width} a field, else {@code results[c - width]}
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record RowSlice(List<InternalRow> buffered, int width, int[] columns, ColumnVector[] results) implements Slice {
    static RowSlice of(List<InternalRow> rows, int width) {
        return new RowSlice(rows, width, IntStream.range(0, width).toArray(), new ColumnVector[0]);
    }

    @Override
    public int rows() {
        return buffered.size();
    }

    @Override
    public InputColumn input(InputRef ref) {
        if (!(ref instanceof InputRef.Column c)) {
            return new InputColumn.Constant((InputRef.Constant) ref);
        }
        int at = columns[c.ordinal()];
        return at < width ? new InputColumn.Rows(buffered, at, c) : InputColumn.Vector.of(results[at - width], c);
    }

    @Override
    public RowSlice with(int[] passed, int from, int to, ColumnVector[] more) {
        ColumnVector[] all = new ColumnVector[results.length + more.length];
        boolean whole = to - from == buffered.size();
        for (int i = 0; i < results.length; i++) {
            all[i] = Slice.from(results[i], from, whole);
        }
        System.arraycopy(more, 0, all, results.length, more.length);
        int[] at = new int[passed.length + more.length];
        for (int i = 0; i < at.length; i++) {
            at[i] = i < passed.length ? columns[passed[i]] : width + results.length + i - passed.length;
        }
        return new RowSlice(buffered.subList(from, to), width, at, all);
    }

    /** Each row, then all results beside it; {@link #columns} says which of these fields is which column. */
    Iterator<InternalRow> joined() {
        ColumnarBatch beside = new ColumnarBatch(results, rows());
        JoinedRow row = new JoinedRow();
        return IntStream.range(0, rows())
                .mapToObj(i -> (InternalRow) row.apply(buffered.get(i), beside.getRow(i)))
                .iterator();
    }
}

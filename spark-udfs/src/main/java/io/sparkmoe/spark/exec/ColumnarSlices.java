package io.sparkmoe.spark.exec;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * Cuts each input batch into slices whose ids and results stay under the bound, and emits one batch a slice: the input's
 * columns as they are (seen from the slice's first row on), then the results.
 */
final class ColumnarSlices implements Iterator<ColumnarBatch> {
    private final SliceTask task;
    private final List<Call> calls;
    private final Iterator<ColumnarBatch> input;
    private @Nullable ColumnarBatch batch;
    private int done;

    ColumnarSlices(SliceTask task, List<Call> calls, Iterator<ColumnarBatch> input) {
        this.task = task;
        this.calls = calls;
        this.input = input;
    }

    @Override
    public boolean hasNext() {
        if (batch != null && done < batch.numRows()) {
            return true;
        }
        // The input may reuse its vectors now, so nothing may look at the old slice any more.
        task.closeResults();
        batch = null;
        return input.hasNext();
    }

    @Override
    public ColumnarBatch next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        ColumnarBatch current = batch;
        if (current == null) {
            current = input.next();
            batch = current;
            done = 0;
        }
        task.begin();
        int from = done;
        int to = end(current, from);
        for (int i = 0; i < calls.size(); i++) {
            if (task.fills(i)) {
                ColumnVector column = current.column(calls.get(i).input());
                IdCollector collector = task.collector(i);
                task.collect(i, () -> collector.add(column, from, to));
            }
        }
        done = to;
        return output(current, from, to);
    }

    /** The first row that no longer fits; at least one row goes. */
    private int end(ColumnarBatch current, int from) {
        long bytes = 0;
        for (int row = from; row < current.numRows(); row++) {
            for (int i = 0; i < calls.size(); i++) {
                bytes += task.bound(
                        i, IdCollector.length(current.column(calls.get(i).input()), row));
            }
            if (bytes > task.maxBytes() && row > from) {
                return row;
            }
        }
        return current.numRows();
    }

    private ColumnarBatch output(ColumnarBatch current, int from, int to) {
        ColumnVector[] results = task.run(to - from);
        ColumnVector[] columns = new ColumnVector[current.numCols() + results.length];
        // A consumer may close what it is given after each batch, so only a batch that goes whole is passed on as it
        // is.
        boolean whole = to - from == current.numRows();
        for (int i = 0; i < current.numCols(); i++) {
            columns[i] = whole ? current.column(i) : new OffsetColumn(current.column(i), from);
        }
        System.arraycopy(results, 0, columns, current.numCols(), results.length);
        return new ColumnarBatch(columns, to - from);
    }
}

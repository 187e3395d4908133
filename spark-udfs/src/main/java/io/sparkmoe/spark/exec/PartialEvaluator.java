package io.sparkmoe.spark.exec;

import io.sparkmoe.spark.MoeConf;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * Runs a partial-aggregate node over a partition. One batch of partials a drain.
 *
 * @param calls the aggregates
 * @param keys the grouping columns, bound to the child's output
 * @param outputTypes types of the keys, then binary an aggregate
 */
@SuppressWarnings("ArrayRecordComponent") // Spark takes types as arrays; nothing compares evaluators.
public record PartialEvaluator(
        List<SumCall> calls, List<Expression> keys, DataType[] outputTypes, MoeConf conf, MoeMetrics metrics)
        implements PartitionEvaluator {
    private static final int MAX_ROWS = 1 << 14;

    /** Most rows collected, however few their ids are. */
    private static final int MAX_ROWS_HELD = 1 << 20;

    @Override
    public Iterator<ColumnarBatch> columnar(Iterator<ColumnarBatch> input) {
        PartialTask task = task();
        Iterator<List<InternalRow>> drains = new Drains(task, new ColumnarFeed(task, input));
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return drains.hasNext();
            }

            @Override
            public ColumnarBatch next() {
                List<InternalRow> rows = drains.next();
                ColumnVector[] columns = new ColumnVector[outputTypes.length];
                for (int i = 0; i < columns.length; i++) {
                    columns[i] = new RowsColumn(rows, i, outputTypes[i]);
                }
                return new ColumnarBatch(columns, rows.size());
            }
        };
    }

    @Override
    public Iterator<InternalRow> rows(Iterator<InternalRow> input) {
        PartialTask task = task();
        return new FlatRows<>(new Drains(task, () -> feedRows(task, input)), List::iterator, outputTypes);
    }

    @Override
    public Iterator<InternalRow> toRows(Iterator<ColumnarBatch> batches) {
        return new FlatRows<>(batches, ColumnarBatch::rowIterator, outputTypes);
    }

    private PartialTask task() {
        return new PartialTask(TaskContext.get(), conf, metrics, calls, keys);
    }

    /** Collects and accumulates some rows; false when there were none. */
    private boolean feedRows(PartialTask task, Iterator<InternalRow> input) {
        task.begin();
        long bytes = 0;
        while ((task.rows() < MAX_ROWS || (task.rows() < MAX_ROWS_HELD && !task.worthwhile()))
                && bytes < task.maxBytes()
                && !task.full()
                && input.hasNext()) {
            InternalRow row = input.next();
            task.addSlot(task.groups().slot(row));
            for (int i = 0; i < calls.size(); i++) {
                SumInputs inputs = task.inputs(i);
                task.named(i, () -> inputs.add(row));
                bytes += 4 * inputs.lastLength();
            }
        }
        if (task.rows() == 0) {
            return false;
        }
        task.accumulate();
        return true;
    }

    /** Feeds slices of columnar batches. */
    private static final class ColumnarFeed implements Supplier<Boolean> {
        private final PartialTask task;
        private final Iterator<ColumnarBatch> input;
        private @Nullable ColumnarBatch batch;
        private int done;

        ColumnarFeed(PartialTask task, Iterator<ColumnarBatch> input) {
            this.task = task;
            this.input = input;
        }

        @Override
        public Boolean get() {
            task.begin();
            do {
                ColumnarBatch current = next();
                if (current == null) {
                    break;
                }
                collect(current);
            } while (!task.worthwhile() && !task.full() && task.rows() < MAX_ROWS_HELD);
            if (task.rows() == 0) {
                return false;
            }
            task.accumulate();
            return true;
        }

        /** The batch in hand, or the next one with rows; null at the end. */
        private @Nullable ColumnarBatch next() {
            while (batch == null || done == batch.numRows()) {
                // Not looked at again: a reader empties and closes its batch when it is asked for the next.
                batch = null;
                if (!input.hasNext()) {
                    return null;
                }
                batch = input.next();
                done = 0;
            }
            return batch;
        }

        private void collect(ColumnarBatch current) {
            int from = done;
            int to = end(current, from);
            done = task.groups().assign(current, from, to, task);
            long start = System.nanoTime();
            for (int i = 0; i < task.calls(); i++) {
                SumInputs inputs = task.inputs(i);
                task.named(i, () -> inputs.add(current, from, done));
            }
            task.copied(System.nanoTime() - start);
            if (done == current.numRows()) {
                current.closeIfFreeable();
            }
        }

        /** The first row whose ids no longer fit the bound; at least one row goes. */
        private int end(ColumnarBatch current, int from) {
            long bytes = 0;
            for (int i = 0; i < task.calls() && bytes >= 0; i++) {
                long ids = task.inputs(i).bound(current, from, current.numRows());
                bytes = ids < 0 ? -1 : bytes + 4 * ids;
            }
            if (bytes >= 0 && bytes <= task.maxBytes()) {
                return current.numRows();
            }
            int row = from;
            for (bytes = 0; row < current.numRows() && (row == from || bytes < task.maxBytes()); row++) {
                for (int i = 0; i < task.calls(); i++) {
                    bytes += 4 * task.inputs(i).length(current, row);
                }
            }
            return row;
        }
    }

    /** Feeds until the groups are full or the input ends, and drains. */
    private static final class Drains implements Iterator<List<InternalRow>> {
        private final PartialTask task;
        private final Supplier<Boolean> feed;
        private @Nullable List<InternalRow> ready;
        private boolean ended;

        Drains(PartialTask task, Supplier<Boolean> feed) {
            this.task = task;
            this.feed = feed;
        }

        @Override
        public boolean hasNext() {
            while (ready == null && !ended) {
                boolean more = feed.get();
                if (!more) {
                    ended = true;
                } else if (task.full()) {
                    task.spilled();
                }
                if (ended || task.full()) {
                    List<InternalRow> rows = task.drain();
                    ready = rows.isEmpty() ? null : rows;
                }
            }
            return ready != null;
        }

        @Override
        public List<InternalRow> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            List<InternalRow> rows = ready == null ? List.of() : ready;
            ready = null;
            return rows;
        }
    }
}

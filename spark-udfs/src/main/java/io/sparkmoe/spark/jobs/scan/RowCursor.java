package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.exec.SliceIds;
import io.sparkmoe.spark.jobs.rows.TraceFields;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/** The rows of a partition one after the other; the ids of those that were taken go out in bulk where they lie in columns. */
abstract class RowCursor {
    /** The row at hand, or null at the end; valid until {@link #take}. */
    abstract @Nullable InternalRow peek();

    /** Takes the row at hand. */
    abstract void take(SliceIds ids);

    /** Has the ids of every row taken so far collected. */
    abstract void flush(SliceIds ids);

    /** Over rows or columnar batches, whichever the plan gives. */
    static RowCursor of(Iterator<?> partition, boolean columnar) {
        return columnar ? new Columns(partition) : new Rows(partition);
    }

    /** Rows, copied one by one. */
    private static final class Rows extends RowCursor {
        private final Iterator<?> rows;
        private @Nullable InternalRow row;

        Rows(Iterator<?> rows) {
            this.rows = rows;
        }

        @Override
        @Nullable
        InternalRow peek() {
            if (row == null && rows.hasNext()) {
                row = (InternalRow) rows.next();
            }
            return row;
        }

        @Override
        void take(SliceIds ids) {
            if (row != null) {
                ids.add(row, TraceFields.TOPK_IDS);
                row = null;
            }
        }

        @Override
        void flush(SliceIds ids) {}
    }

    /** Columnar batches; a batch is valid until the next one is asked for. */
    private static final class Columns extends RowCursor {
        private final Iterator<?> batches;
        private @Nullable ColumnarBatch batch;
        private int flushed;
        private int next;

        Columns(Iterator<?> batches) {
            this.batches = batches;
        }

        @Override
        @Nullable
        InternalRow peek() {
            while (batch == null || next == batch.numRows()) {
                // Not looked at again: a reader empties and closes its batch when it is asked for the next.
                batch = null;
                if (!batches.hasNext()) {
                    return null;
                }
                batch = (ColumnarBatch) batches.next();
                next = 0;
                flushed = 0;
            }
            return batch.getRow(next);
        }

        @Override
        void take(SliceIds ids) {
            next++;
            if (batch != null && next == batch.numRows()) {
                flush(ids);
            }
        }

        @Override
        void flush(SliceIds ids) {
            if (batch != null && flushed < next) {
                ids.add(batch.column(TraceFields.TOPK_IDS), flushed, next);
                flushed = next;
            }
        }
    }
}

package io.sparkmoe.spark.trace;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.ArrowUtils;
import org.apache.spark.sql.vectorized.ArrowColumnVector;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows into Arrow batches of bounded size. A batch is valid until the next one is asked for; its memory is a child
 * of Spark's Arrow allocator and goes back on close.
 */
final class TraceBatches implements AutoCloseable {
    private static final int MAX_ROWS = 4096;

    /** Where rows come from; a row stays valid until the next one is asked for, null is the end. */
    interface Rows {
        @Nullable
        TraceRow next() throws IOException;
    }

    private final ModelFacts facts;
    private final long maxWeight;
    private final BufferAllocator allocator;
    private final List<TraceColumns.Column> columns = new ArrayList<>();
    private final ColumnarBatch batch;
    private @Nullable TraceRow left;

    /** @param maxWeight ids of a batch, or as many pairs of bytes of marked records */
    TraceBatches(String name, StructType schema, ModelFacts facts, long maxWeight) {
        this.facts = facts;
        this.maxWeight = maxWeight;
        this.allocator = ArrowUtils.rootAllocator().newChildAllocator(name, 0, Long.MAX_VALUE);
        try {
            for (StructField field : schema.fields()) {
                columns.add(TraceColumns.of(field, facts, allocator));
            }
            this.batch = new ColumnarBatch(
                    columns.stream().map(c -> new ArrowColumnVector(c.vector())).toArray(ColumnVector[]::new));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Fills the next batch; false when no row is left. */
    boolean fill(Rows from) throws IOException {
        columns.forEach(c -> c.vector().reset());
        int rows = 0;
        long weight = 0;
        while (rows < MAX_ROWS && (left != null || (left = from.next()) != null)) {
            long more = weight(left);
            if (rows > 0 && weight + more > maxWeight) {
                break;
            }
            for (TraceColumns.Column column : columns) {
                column.write(rows, left);
            }
            left = null;
            rows++;
            weight += more;
        }
        for (TraceColumns.Column column : columns) {
            column.finish(rows);
        }
        batch.setNumRows(rows);
        return rows > 0;
    }

    private long weight(TraceRow of) {
        return of.bad() == null
                ? (long) of.numTokens() * facts.requireTopk()
                : of.bad().bytes().capacity() / 2;
    }

    ColumnarBatch batch() {
        return batch;
    }

    @Override
    public void close() {
        columns.forEach(c -> c.vector().close());
        allocator.close();
    }
}

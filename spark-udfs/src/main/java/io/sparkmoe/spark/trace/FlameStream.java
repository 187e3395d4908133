package io.sparkmoe.spark.trace;

import java.io.Closeable;
import java.io.IOException;
import org.apache.commons.lang3.SerializationUtils;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** The rows of one task out of one file (or several laid end to end), in row order, a piece of a batch at a time. */
final class FlameStream implements Closeable {
    private final FlamePartition.Rows rows;
    private final PartitionReader<ColumnarBatch> batches;
    private ColumnarBatch batch = new ColumnarBatch(new ColumnVector[0]);
    private int at;
    private long skip;

    FlameStream(FlamePartition.Rows rows, PartitionReaderFactory parquet) {
        this.rows = rows;
        this.skip = rows.skip();
        // Since Spark 4.2 a factory closes the reader it made before: streams that are read in turn need one each.
        this.batches = SerializationUtils.clone(parquet).createColumnarReader(rows.parts());
    }

    /** How many rows of the batch at hand are left, the next batch's where none is. */
    int available() throws IOException {
        while (at == batch.numRows()) {
            if (!batches.next()) {
                throw new TraceFormatException(rows.file() + ": ends before the rows that its footer counts. "
                        + "Was it changed while it was read?");
            }
            batch = batches.get();
            at = (int) Math.min(skip, batch.numRows());
            skip -= at;
        }
        return batch.numRows() - at;
    }

    ColumnVector column(int ordinal) {
        return batch.column(ordinal);
    }

    /** The row of the batch that comes next. */
    int row() {
        return at;
    }

    void advance(int n) {
        at += n;
    }

    @Override
    public void close() throws IOException {
        batches.close();
    }
}

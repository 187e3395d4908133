package io.sparkmoe.spark.scan;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;

/**
 * Reads the id columns of splits on an executor, beside the batches in which Spark's reader gives the other columns of the
 * same splits.
 */
public final class IdFiles implements Serializable {
    private static final long serialVersionUID = 1L;

    private final ReadColumns columns;
    private final boolean caseSensitive;
    private final ScanMetrics metrics;
    private final Broadcast<SerializableConfiguration> conf;

    IdFiles(
            ReadColumns columns,
            boolean caseSensitive,
            ScanMetrics metrics,
            Broadcast<SerializableConfiguration> conf) {
        this.columns = columns;
        this.caseSensitive = caseSensitive;
        this.metrics = metrics;
        this.conf = conf;
    }

    /**
     * Files of which Spark's reader gives all columns but one.
     *
     * @param all the columns of the result
     * @param others the columns of Spark's batches; with the row index where Spark may leave rows out
     * @param ids the column of ids
     */
    public static IdFiles of(
            StructType all,
            StructType others,
            String ids,
            boolean caseSensitive,
            ScanMetrics metrics,
            Broadcast<SerializableConfiguration> conf) {
        return new IdFiles(ReadColumns.between(all, others, ids), caseSensitive, metrics, conf);
    }

    /**
     * The batches of a split, or null where it is left to Spark's reader, which is counted. They are closed with the task.
     *
     * @param others Spark's batches of the other columns; not asked where there are none
     */
    public @Nullable Iterator<ColumnarBatch> open(PartitionedFile file, Supplier<Iterator<ColumnarBatch>> others) {
        IdSplit.Opened opened =
                IdSplit.open(file, columns.ids(), caseSensitive, conf.value().value());
        if (opened.split() == null) {
            metrics.fellBack(opened.reason());
            return null;
        }
        try {
            IdBatches batches = new IdBatches(
                    new IdRowGroups(opened.split(), columns.ids(), metrics),
                    columns.idsAlone() ? null : others.get(),
                    columns.sources(),
                    columns.rowIndex());
            TaskContext.get().addTaskCompletionListener((TaskCompletionListener) c -> batches.close());
            return batches;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

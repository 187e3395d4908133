package io.sparkmoe.spark.scan;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.jspecify.annotations.Nullable;
import scala.Function1;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/** Reads splits on an executor; the batches are typed as rows, as Spark's own file readers type them. */
final class IdReader extends AbstractFunction1<PartitionedFile, Iterator<InternalRow>> implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Function1<PartitionedFile, Iterator<InternalRow>> whole;
    private final @Nullable Function1<PartitionedFile, Iterator<InternalRow>> others;
    private final ReadColumns columns;
    private final boolean caseSensitive;
    private final ScanMetrics metrics;
    private final Broadcast<SerializableConfiguration> conf;

    /**
     * @param whole Spark's reader of all columns
     * @param others Spark's reader of the columns that are not ours; null where there are none
     */
    IdReader(
            Function1<PartitionedFile, Iterator<InternalRow>> whole,
            @Nullable Function1<PartitionedFile, Iterator<InternalRow>> others,
            ReadColumns columns,
            boolean caseSensitive,
            ScanMetrics metrics,
            Broadcast<SerializableConfiguration> conf) {
        this.whole = whole;
        this.others = others;
        this.columns = columns;
        this.caseSensitive = caseSensitive;
        this.metrics = metrics;
        this.conf = conf;
    }

    @Override
    public Iterator<InternalRow> apply(PartitionedFile file) {
        IdSplit.Opened opened =
                IdSplit.open(file, columns.ids(), caseSensitive, conf.value().value());
        if (opened.split() == null) {
            metrics.fellBack(opened.reason());
            return whole.apply(file);
        }
        return erased(CollectionConverters.asScala(batches(opened.split(), others == null ? null : others.apply(file))));
    }

    private IdBatches batches(IdSplit split, @Nullable Iterator<InternalRow> rest) {
        try {
            IdBatches batches = new IdBatches(
                    new IdRowGroups(split, columns.ids(), metrics),
                    rest == null ? null : CollectionConverters.asJava(IdReader.<ColumnarBatch>erased(rest)),
                    columns.sources(),
                    columns.rowIndex());
            TaskContext.get().addTaskCompletionListener((TaskCompletionListener) c -> batches.close());
            return batches;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T> Iterator<T> erased(Iterator<?> batches) {
        return (Iterator<T>) batches;
    }
}

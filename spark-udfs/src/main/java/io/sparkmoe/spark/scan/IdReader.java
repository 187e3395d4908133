package io.sparkmoe.spark.scan;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;
import scala.Function1;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/** Reads splits as Spark's file scan asks for them: its readers type their batches as rows. */
final class IdReader extends AbstractFunction1<PartitionedFile, Iterator<InternalRow>> implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Function1<PartitionedFile, Iterator<InternalRow>> whole;
    private final @Nullable Function1<PartitionedFile, Iterator<InternalRow>> others;
    private final IdFiles files;

    /**
     * @param whole Spark's reader of all columns
     * @param others Spark's reader of the columns that are not ours; null where there are none
     */
    IdReader(
            Function1<PartitionedFile, Iterator<InternalRow>> whole,
            @Nullable Function1<PartitionedFile, Iterator<InternalRow>> others,
            IdFiles files) {
        this.whole = whole;
        this.others = others;
        this.files = files;
    }

    @Override
    public Iterator<InternalRow> apply(PartitionedFile file) {
        java.util.Iterator<ColumnarBatch> batches =
                files.open(file, () -> CollectionConverters.asJava(IdReader.<ColumnarBatch>erased(others.apply(file))));
        return batches == null ? whole.apply(file) : erased(CollectionConverters.asScala(batches));
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T> Iterator<T> erased(Iterator<?> batches) {
        return (Iterator<T>) batches;
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.spark.MoeConf;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/**
 * Runs a batch node's functions over a partition: column-wise where the child is columnar, else over buffered rows. One or more
 * batches of results an input batch.
 *
 * @param calls the functions
 * @param width columns of the child's output
 * @param passed which of them the node passes on
 * @param outputTypes types of the node's output: the columns passed on, then the results
 */
@SuppressWarnings("ArrayRecordComponent") // Spark takes types as arrays; nothing compares evaluators.
public record BatchEvaluator(
        List<Call> calls, int width, int[] passed, DataType[] outputTypes, MoeConf conf, MoeMetrics metrics)
        implements PartitionEvaluator {
    @Override
    public Iterator<ColumnarBatch> columnar(Iterator<ColumnarBatch> input) {
        return new Mapped<>(new Slices<>(task(), passed, new Mapped<>(input, ColumnSlice::new)), ColumnSlice::batch);
    }

    /** The slices of a child of rows, with results. */
    public Iterator<RowSlice> overRows(Iterator<InternalRow> input) {
        return overSlices(new RowBuffer(input, width, conf.maxBytes()));
    }

    /** The slices of a batch node below, with this one's results too. */
    public Iterator<RowSlice> overSlices(Iterator<RowSlice> input) {
        return new Slices<>(task(), passed, input);
    }

    /** The rows of slices. */
    public Iterator<InternalRow> unsliced(Iterator<RowSlice> slices) {
        return new OutputRows(slices, outputTypes);
    }

    @Override
    public Iterator<InternalRow> rows(Iterator<InternalRow> input) {
        return unsliced(overRows(input));
    }

    @Override
    public Iterator<InternalRow> toRows(Iterator<ColumnarBatch> batches) {
        return new FlatRows<>(batches, ColumnarBatch::rowIterator, outputTypes);
    }

    private SliceTask task() {
        return new SliceTask(TaskContext.get(), conf, metrics, calls);
    }
}

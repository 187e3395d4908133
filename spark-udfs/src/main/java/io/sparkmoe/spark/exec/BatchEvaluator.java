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
 * @param inputTypes type of each call's id column
 * @param outputTypes types of the node's output: the child's columns, then the results
 */
@SuppressWarnings("ArrayRecordComponent") // Spark takes types as arrays; nothing compares evaluators.
public record BatchEvaluator(
        List<Call> calls, DataType[] inputTypes, DataType[] outputTypes, MoeConf conf, MoeMetrics metrics)
        implements PartitionEvaluator {
    @Override
    public Iterator<ColumnarBatch> columnar(Iterator<ColumnarBatch> input) {
        return new ColumnarSlices(task(), calls, input);
    }

    @Override
    public Iterator<InternalRow> rows(Iterator<InternalRow> input) {
        return new RowSlices(task(), calls, inputTypes, FlatRows.projection(outputTypes), input);
    }

    @Override
    public Iterator<InternalRow> toRows(Iterator<ColumnarBatch> batches) {
        return new FlatRows<>(batches, ColumnarBatch::rowIterator, outputTypes);
    }

    private SliceTask task() {
        return new SliceTask(TaskContext.get(), conf, metrics, calls, inputTypes);
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.spark.MoeConf;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/**
 * Runs a batch node's functions over a partition: column-wise where the child is columnar, else over buffered rows. The
 * only object that a batch node ships to executors.
 *
 * @param calls the functions
 * @param inputTypes type of each call's id column
 * @param outputTypes types of the node's output: the child's columns, then the results
 */
public record BatchEvaluator(
        List<Call> calls, DataType[] inputTypes, DataType[] outputTypes, MoeConf conf, MoeMetrics metrics)
        implements Serializable {
    /** Columnar in, columnar out: one or more batches of results an input batch. */
    public Iterator<ColumnarBatch> columnar(Iterator<ColumnarBatch> input) {
        return new ColumnarSlices(task(), calls, input);
    }

    /** Rows in, rows out. */
    public Iterator<InternalRow> rows(Iterator<InternalRow> input) {
        return new RowSlices(task(), calls, inputTypes, FlatRows.projection(outputTypes), input);
    }

    /** Batches as rows, for a columnar node that is asked for rows. */
    public Iterator<InternalRow> toRows(Iterator<ColumnarBatch> batches) {
        return new FlatRows<>(batches, ColumnarBatch::rowIterator, outputTypes);
    }

    private SliceTask task() {
        return new SliceTask(TaskContext.get(), conf, metrics, calls, inputTypes);
    }
}

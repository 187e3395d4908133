package io.sparkmoe.spark.exec;

import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.vectorized.ColumnarBatch;

/** What a batch node runs over a partition; the only object that it ships to executors. */
public interface PartitionEvaluator extends Serializable {
    /** Columnar in, columnar out. */
    Iterator<ColumnarBatch> columnar(Iterator<ColumnarBatch> input);

    /** Rows in, rows out. */
    Iterator<InternalRow> rows(Iterator<InternalRow> input);

    /** Batches of the node's output as rows, for a columnar node that is asked for rows. */
    Iterator<InternalRow> toRows(Iterator<ColumnarBatch> batches);
}

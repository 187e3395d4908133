package io.sparkmoe.spark.jobs.passes;

import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/** Cuts the rows of one partition, in the order its plan gives them, into passes. */
interface PassCutter extends Serializable {
    void cut(Iterator<InternalRow> rows, PassSink sink);
}

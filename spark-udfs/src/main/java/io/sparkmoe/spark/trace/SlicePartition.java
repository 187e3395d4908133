package io.sparkmoe.spark.trace;

import java.util.List;
import org.apache.spark.sql.connector.read.InputPartition;

/** The slices of one task. */
record SlicePartition(List<FileSlice> slices) implements InputPartition {
    private static final long serialVersionUID = 1L;
}

package io.sparkmoe.spark.exec;

import org.apache.spark.sql.vectorized.ColumnVector;

/** Rows of a partition in hand, with the results that batch nodes have added to them so far. */
sealed interface Slice permits ColumnSlice, RowSlice {
    int rows();

    /** An input over these rows. */
    InputColumn input(InputRef ref);

    /** The rows [from, to) with only the columns {@code passed}, in that order, and then {@code results}. */
    Slice with(int[] passed, int from, int to, ColumnVector[] results);

    /** A column's rows from an offset on. A whole column is passed on as it is: a consumer may look at what it is. */
    static ColumnVector from(ColumnVector column, int from, boolean whole) {
        return whole ? column : new OffsetColumn(column, from);
    }
}

package io.sparkmoe.spark.exec;

/** Id lists of a column whose elements lie contiguously in a child: what lets whole runs be copied at once. */
interface IdRuns {
    boolean isNull(int row);

    /** Where row's elements start in the child. */
    int start(int row);

    int length(int row);

    /** Copies the child's elements [from, from + count) to an address, as ids of the collector's type. */
    void copy(int from, int count, long address);
}

package io.sparkmoe.spark.exec;

/** Id lists of a column whose elements lie contiguously in a child: what lets whole runs be copied at once. */
interface IdRuns {
    boolean isNull(int row);

    /** Where row's elements start in the child. */
    int start(int row);

    int length(int row);

    /**
     * An upper bound on the ids of rows [from, to), known without a look at each row: how far the child's elements reach.
     */
    default long bound(int from, int to) {
        int first = from;
        while (first < to && (isNull(first) || length(first) == 0)) {
            first++;
        }
        int last = to - 1;
        while (last > first && (isNull(last) || length(last) == 0)) {
            last--;
        }
        return first >= to ? 0 : (long) start(last) + length(last) - start(first);
    }

    /** Copies the child's elements [from, from + count) to an address, as ids of the collector's type. */
    void copy(int from, int count, long address);
}

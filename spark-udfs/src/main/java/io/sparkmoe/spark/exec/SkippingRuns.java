package io.sparkmoe.spark.exec;

/** Runs of which some rows are left out: bit (row - from) of {@code skip}. */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record SkippingRuns(IdRuns runs, long[] skip, int from) implements IdRuns {
    @Override
    public boolean isNull(int row) {
        return (skip[(row - from) >> 6] & (1L << (row - from))) != 0 || runs.isNull(row);
    }

    @Override
    public int start(int row) {
        return runs.start(row);
    }

    @Override
    public int length(int row) {
        return runs.length(row);
    }

    @Override
    public void copy(int start, int count, long address) {
        runs.copy(start, count, address);
    }
}

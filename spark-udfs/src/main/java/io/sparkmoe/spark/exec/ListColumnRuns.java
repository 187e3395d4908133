package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.Memory;

/** Runs of another of our functions' int32 results. */
record ListColumnRuns(ListColumn column, IntColumn elements) implements IdRuns {
    @Override
    public boolean isNull(int row) {
        return column.isNullAt(row);
    }

    @Override
    public int start(int row) {
        return column.start(row);
    }

    @Override
    public int length(int row) {
        return column.start(row + 1) - column.start(row);
    }

    @Override
    public void copy(int from, int count, long address) {
        Memory.copy(elements.address() + 4L * from, address, 4L * count);
    }
}

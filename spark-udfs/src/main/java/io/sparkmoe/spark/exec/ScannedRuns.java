package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.Memory;

/** Runs of ids that a scan decoded, of the type that they have in memory. */
record ScannedRuns(ScannedIds column) implements IdRuns {
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
        return column.length(row);
    }

    @Override
    public long bound(int from, int to) {
        return (long) column.start(to) - column.start(from);
    }

    @Override
    public void copy(int from, int count, long address) {
        int width = column.idType().bytes();
        Memory.copy(column.idsAddress() + (long) from * width, address, (long) count * width);
    }
}

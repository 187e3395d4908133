package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdType;

/** Runs of one type as ids of a wider one: where a batch mixes columns whose ids differ in type. */
record WidenedRuns(IdRuns runs, IdType own, IdType wider) implements IdRuns {
    private static final int TILE = 4096;

    @Override
    public boolean isNull(int row) {
        return runs.isNull(row);
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
    public long bound(int from, int to) {
        return runs.bound(from, to);
    }

    /** The ids go to the end of the room first: widened from the front, they are read before they are written over. */
    @Override
    public void copy(int from, int count, long address) {
        long narrow = address + (long) count * (wider.bytes() - own.bytes());
        runs.copy(from, count, narrow);
        int[] tile = new int[Math.min(TILE, count)];
        for (int done = 0; done < count; done += TILE) {
            int n = Math.min(TILE, count - done);
            IdCodec.decode(own, narrow + (long) done * own.bytes(), tile, 0, n);
            IdCodec.encode(wider, tile, 0, n, address + (long) done * wider.bytes());
        }
    }
}

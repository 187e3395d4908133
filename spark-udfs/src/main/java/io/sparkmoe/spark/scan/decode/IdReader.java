package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdType;

/** The ids of a data page, read in slices. */
interface IdReader {
    /** The type that the next {@code count} ids need, where NULLs among them take a masked code. */
    IdType type(int count, boolean nulls);

    /** No id of the page read so far, and none of the slice that {@link #type} was asked for, is above it. */
    int largest();

    /**
     * Writes the next {@code count} ids at an address, with room for eight more behind them.
     *
     * @param type what {@link #type} answered for them, or one that holds as much
     */
    void read(int count, IdType type, long to);
}

package io.sparkmoe.spark.exec;

import org.jspecify.annotations.Nullable;

/** Copies one input's rows into contiguous memory of the backend. */
public sealed interface InputCollector extends AutoCloseable permits IdCollector, TensorCollector {
    /** Begins to look for a slice's end: what {@link #joins} says holds for the rows from here on. */
    default void startSlice() {}

    /** Whether a row can be in one slice with the rows before it; true for a slice's first. */
    default boolean joins(InputColumn column, int row) {
        return true;
    }

    /** About how many elements a row holds, never too low; the row is not NULL. */
    long length(InputColumn column, int row);

    /** Most bytes that an element takes, of the rows asked about. */
    int width();

    /** Starts to collect a slice; {@code firstRow} is its first row's number in the task, for messages. */
    void reset(long firstRow);

    /** Adds the rows [from, to); those whose bit (row - from) of {@code skip} is set become empty segments. */
    void add(InputColumn column, int from, int to, long @Nullable [] skip);

    /** Expert ids collected. */
    long ids();

    /** Bytes collected. */
    long bytes();

    /** Bytes of a tensor that is taken where it lies. */
    default long bytesInPlace() {
        return 0;
    }

    @Override
    void close();
}

package io.sparkmoe.spark.exec;

import org.jspecify.annotations.Nullable;

/** Copies one input's rows into contiguous memory of the backend. */
public sealed interface InputCollector extends AutoCloseable permits IdCollector {
    /** Starts a slice; {@code firstRow} is its first row's number in the task, for messages. */
    void reset(long firstRow);

    /** About how many elements a row holds, never too low. */
    long length(InputColumn column, int row);

    /** Adds the rows [from, to); those whose bit (row - from) of {@code skip} is set become empty segments. */
    void add(InputColumn column, int from, int to, long @Nullable [] skip);

    /** Bytes that {@code elements} take once collected, never too low. */
    long bytes(long elements);

    /** Expert ids collected so far. */
    long ids();

    /** Bytes collected so far. */
    long bytes();

    @Override
    void close();
}

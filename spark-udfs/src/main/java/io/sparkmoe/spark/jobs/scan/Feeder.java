package io.sparkmoe.spark.jobs.scan;

/** One analysis inside a task: takes every slice, keeps sums, and gives them away when asked. One thread's. */
interface Feeder extends AutoCloseable {
    /** Where partials go. */
    interface Output {
        void add(PartialKey key, byte[] partial);
    }

    /** Counts a slice. */
    void feed(TraceSlice slice);

    /** Bytes that its sums take now. */
    long bytes();

    /** Gives its sums away and forgets them; more may come. */
    void drain(Output out);

    /** After the last slice and before the last {@link #drain}. */
    default void end() {}

    @Override
    void close();
}

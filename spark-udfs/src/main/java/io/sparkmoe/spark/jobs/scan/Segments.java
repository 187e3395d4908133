package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import org.apache.arrow.memory.BufferAllocator;

/** A choice of another batch's segments, copied: for what a view cannot say, gaps and another order. */
final class Segments implements AutoCloseable {
    private final RoutingBatchBuilder builder;

    Segments(RoutingBackend backend, BufferAllocator allocator) {
        builder = new RoutingBatchBuilder(backend.inputBuffers(allocator));
    }

    /** Starts over with ids as {@code like} has them. */
    void reset(RoutingBatch like) {
        builder.reset(like.type(), like.firstRow());
    }

    void add(RoutingBatch from, int segment) {
        int n = from.length(segment);
        Memory.copy(
                from.address(segment),
                builder.reserve(n),
                (long) n * from.type().bytes());
        builder.endSegment(n);
    }

    int size() {
        return builder.segments();
    }

    /** The segments, valid until the next reset or close. */
    RoutingBatch batch() {
        return builder.build();
    }

    @Override
    public void close() {
        builder.close();
    }
}

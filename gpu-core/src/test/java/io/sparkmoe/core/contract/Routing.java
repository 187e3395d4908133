package io.sparkmoe.core.contract;

import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * Segments of ids to test with.
 *
 * @param name says the seed and the shape
 * @param firstRow number of the first segment, for messages
 */
record Routing(String name, IdType type, int numExperts, List<int[]> segments, long firstRow) {
    static Routing of(int numExperts, int[]... segments) {
        return new Routing("", IdType.INT32, numExperts, List.of(segments), 0);
    }

    /** Runs a check on the batch and holds that all memory is given back, also when it throws. */
    void run(BiConsumer<RoutingBatch, BufferAllocator> check) {
        try (BufferAllocator allocator = new RootAllocator();
                RoutingBatchBuilder builder = new RoutingBatchBuilder(allocator)) {
            fill(builder, segments);
            check.accept(builder.build(), allocator);
        }
    }

    /** The same segments as a slice of a longer batch, so that the first offset is not 0. */
    void runAsSlice(BiConsumer<RoutingBatch, BufferAllocator> check) {
        int[] other = new int[3];
        List<int[]> longer = new ArrayList<>(List.of(other, other));
        longer.addAll(segments);
        longer.add(other);
        try (BufferAllocator allocator = new RootAllocator();
                RoutingBatchBuilder builder = new RoutingBatchBuilder(allocator)) {
            fill(builder, longer);
            check.accept(builder.build().slice(2, 2 + segments.size()), allocator);
        }
    }

    private void fill(RoutingBatchBuilder builder, List<int[]> lists) {
        builder.reset(type, lists.size() == segments.size() ? firstRow : firstRow - 2);
        for (int[] ids : lists) {
            long at = builder.reserve(ids.length);
            IdCodec.encode(type, ids, 0, ids.length, at);
            builder.endSegment(ids.length);
        }
    }

    long ids() {
        return segments.stream().mapToLong(s -> s.length).sum();
    }

    @Override
    public String toString() {
        return name;
    }
}

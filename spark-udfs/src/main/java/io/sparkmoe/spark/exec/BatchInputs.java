package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of a call over a slice, and what it runs on.
 *
 * @param nulls bit r set: row r is NULL in some input, is an empty segment in all, and its result is NULL; null: none is
 */
@SuppressWarnings("ArrayRecordComponent") // read by one call, compared by nobody
public record BatchInputs(
        RoutingBackend backend, List<InputCollector> collectors, long @Nullable [] nulls, BufferAllocator allocator) {
    /** An input of ids. */
    RoutingBatch ids(int input) {
        return ((IdCollector) collectors.get(input)).batch();
    }
}

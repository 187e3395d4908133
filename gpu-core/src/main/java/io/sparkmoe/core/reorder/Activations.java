package io.sparkmoe.core.reorder;

import io.sparkmoe.core.routing.Memory;

/**
 * Activations of many segments, a row-major matrix each: on the host, or kept by the backend that computed them. Where the
 * segments lie is known on the host in either case.
 */
public sealed interface Activations permits TensorBatch, TensorResult {
    TensorType type();

    int segments();

    /** Number of segment 0 in the caller's counting, for messages. */
    long firstRow();

    /** Host address of int64 [segments + 1]: where each segment starts, in elements. Entry 0 need not be 0. */
    long offsetsAddress();

    /** Where segment s starts, in elements. */
    default long start(int segment) {
        return Memory.getLong(offsetsAddress() + 8L * segment);
    }

    /** Number of elements of segment s. */
    default long elements(int segment) {
        return start(segment + 1) - start(segment);
    }

    /** Elements of all segments. */
    default long totalElements() {
        return start(segments()) - start(0);
    }
}

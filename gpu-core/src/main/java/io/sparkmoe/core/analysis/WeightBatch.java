package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.Memory;

/**
 * Float weights in the layout of a {@link io.sparkmoe.core.routing.RoutingBatch}: int32 offsets [segments + 1] and float32
 * values. A view: it owns no memory.
 */
public record WeightBatch(long offsetsAddress, long valuesAddress) {
    /** Where segment s starts, in weights. */
    public int start(int segment) {
        return Memory.getInt(offsetsAddress + 4L * segment);
    }

    /** Number of weights of segment s. */
    public int length(int segment) {
        return start(segment + 1) - start(segment);
    }

    /** One weight, counted from the first of the batch's memory. */
    public float weight(long index) {
        return Float.intBitsToFloat(Memory.getInt(valuesAddress + 4 * index));
    }
}

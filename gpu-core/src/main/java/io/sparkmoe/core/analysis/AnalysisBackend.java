package io.sparkmoe.core.analysis;

import org.apache.arrow.memory.BufferAllocator;

/**
 * Makes the accumulators of the analyses. Every implementation gives the same counts. The caller maps group keys to dense
 * slots 0, 1, 2, ... and bounds their number; an accumulator belongs to one thread and is closed by the caller.
 *
 * <p>Analyses that need no accumulator of their own: domain x expert and windows over steps are expert load under another
 * group key.
 */
public interface AnalysisBackend {
    /** A fresh accumulator of co-activation. */
    CoactivationAccumulator coactivation(CoactivationOptions options, BufferAllocator allocator);

    /** A fresh accumulator of transitions between layers. */
    TransitionAccumulator transitions(TransitionOptions options, BufferAllocator allocator);

    /** A fresh accumulator of the agreement of two routings. */
    AgreementAccumulator agreement(AgreementOptions options, BufferAllocator allocator);

    /** A fresh accumulator of capacity and drops. */
    CapacityAccumulator capacity(CapacityOptions options, BufferAllocator allocator);
}

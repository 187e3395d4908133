package io.sparkmoe.core.cpu;

import io.sparkmoe.core.analysis.AgreementAccumulator;
import io.sparkmoe.core.analysis.AgreementOptions;
import io.sparkmoe.core.analysis.AnalysisBackend;
import io.sparkmoe.core.analysis.CapacityAccumulator;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.analysis.TransitionOptions;
import org.apache.arrow.memory.BufferAllocator;

/** The accumulators of the analyses on the heap. */
enum CpuAnalyses implements AnalysisBackend {
    INSTANCE;

    @Override
    public CoactivationAccumulator coactivation(CoactivationOptions options, BufferAllocator allocator) {
        return new CpuCoactivation(options);
    }

    @Override
    public TransitionAccumulator transitions(TransitionOptions options, BufferAllocator allocator) {
        return new CpuTransitions(options);
    }

    @Override
    public AgreementAccumulator agreement(AgreementOptions options, BufferAllocator allocator) {
        return new CpuAgreement(options);
    }

    @Override
    public CapacityAccumulator capacity(CapacityOptions options, BufferAllocator allocator) {
        return new CpuCapacity(options);
    }
}

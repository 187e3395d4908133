package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.AgreementAccumulator;
import io.sparkmoe.core.analysis.AgreementOptions;
import io.sparkmoe.core.analysis.AnalysisBackend;
import io.sparkmoe.core.analysis.CapacityAccumulator;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The accumulators of the analyses on the device: co-activation and transitions of up to 1,024 experts and 256 ids a token.
 * The rest is the CPU's, counted as fallbacks.
 *
 * <p>Agreement and capacity are the CPU's altogether, and no fallback: a token's share of either is a few comparisons, so
 * that the CPU is done about when it has read the ids, which it has to do to bring them to a device.
 */
record CudaAnalyses(DeviceCalls calls, DeviceMemoryPool memory, AnalysisBackend cpu) implements AnalysisBackend {
    private boolean takes(int numExperts, int topk) {
        return numExperts <= TokenLine.MAX_EXPERTS && topk <= TokenLine.MAX_TOPK && calls.alive();
    }

    @Override
    public CoactivationAccumulator coactivation(CoactivationOptions options, BufferAllocator allocator) {
        if (!takes(options.numExperts(), options.topk())) {
            calls.activity().fallbacks++;
            return cpu.coactivation(options, allocator);
        }
        return new CudaCoactivation(options, calls, memory, cpu, allocator);
    }

    @Override
    public TransitionAccumulator transitions(TransitionOptions options, BufferAllocator allocator) {
        if (!takes(options.numExperts(), options.topk())) {
            calls.activity().fallbacks++;
            return cpu.transitions(options, allocator);
        }
        return new CudaTransitions(options, calls, memory, cpu, allocator);
    }

    @Override
    public AgreementAccumulator agreement(AgreementOptions options, BufferAllocator allocator) {
        return cpu.agreement(options, allocator);
    }

    @Override
    public CapacityAccumulator capacity(CapacityOptions options, BufferAllocator allocator) {
        return cpu.capacity(options, allocator);
    }
}

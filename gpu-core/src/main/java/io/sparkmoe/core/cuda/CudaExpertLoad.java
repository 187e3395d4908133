package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.BufferAllocator;

/** Expert load on the device: counts [slots][num_experts]. */
final class CudaExpertLoad extends DeviceSums<ExpertLoadAccumulator> implements ExpertLoadAccumulator {
    private final CountsOptions options;
    private final RoutingBackend cpu;
    private final BufferAllocator allocator;

    CudaExpertLoad(
            CountsOptions options,
            DeviceCalls calls,
            DeviceMemoryPool memory,
            RoutingBackend cpu,
            BufferAllocator allocator) {
        super(calls, memory, options.ids(), options.numExperts());
        this.options = options;
        this.cpu = cpu;
        this.allocator = allocator;
    }

    @Override
    void launch(Lane lane, DeviceBatch in, SlottedBatch batch, long into) {
        long slots = lane.upload(batch.slots(), in.segments());
        lane.uploaded();
        new ExpertLoad(in, options.numExperts(), slots, batch.numSlots(), into).launch(lane);
    }

    @Override
    ExpertLoadAccumulator openOnCpu() {
        return cpu.expertLoad(options, allocator);
    }

    @Override
    void addOnCpu(ExpertLoadAccumulator accumulator, SlottedBatch batch) {
        accumulator.add(batch.batch(), batch.slots(), batch.numSlots());
    }

    @Override
    IdCounts countsOnCpu(ExpertLoadAccumulator accumulator) {
        return accumulator.counts();
    }

    @Override
    public void add(RoutingBatch batch, int[] slots, int numSlots) {
        addBatch(batch, slots, numSlots);
    }

    @Override
    public void read(int slot, long[] out) {
        readSums(slot, out);
        ExpertLoadAccumulator other = overflow(slot);
        if (other != null) {
            long[] more = new long[out.length];
            other.read(slot, more);
            for (int e = 0; e < more.length; e++) {
                out[e] += more[e];
            }
        }
    }

    @Override
    public void clear() {
        clearSums();
    }

    @Override
    public IdCounts counts() {
        return leftOut();
    }
}

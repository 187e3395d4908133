package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingTotals;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.apache.arrow.memory.BufferAllocator;

/** Padding figures on the device: sums [slots][block sizes + 3]. */
final class CudaPaddingTotals extends DeviceSums<PaddingAccumulator> implements PaddingAccumulator {
    private final PaddingOptions options;
    private final int[] blockSizes;
    private final RoutingBackend cpu;
    private final BufferAllocator allocator;

    CudaPaddingTotals(
            PaddingOptions options,
            DeviceCalls calls,
            DeviceMemoryPool memory,
            RoutingBackend cpu,
            BufferAllocator allocator) {
        super(calls, memory, options.ids(), options.blockSizes().length + 3);
        this.options = options;
        this.blockSizes = options.blockSizes();
        this.cpu = cpu;
        this.allocator = allocator;
    }

    @Override
    void launch(Lane lane, DeviceBatch in, SlottedBatch batch, long into) {
        long slots = lane.upload(batch.slots(), in.segments());
        PaddingSums plan = PaddingSums.plan(in, options.numExperts(), blockSizes, slots, into, lane);
        lane.uploaded();
        plan.launch(lane);
    }

    @Override
    PaddingAccumulator openOnCpu() {
        return cpu.paddingTotals(options, allocator);
    }

    @Override
    void addOnCpu(PaddingAccumulator accumulator, SlottedBatch batch) {
        accumulator.add(batch.batch(), batch.slots(), batch.numSlots());
    }

    @Override
    IdCounts countsOnCpu(PaddingAccumulator accumulator) {
        return accumulator.counts();
    }

    @Override
    public void add(RoutingBatch batch, int[] slots, int numSlots) {
        addBatch(batch, slots, numSlots);
    }

    @Override
    public PaddingTotals read(int slot) {
        int sizes = blockSizes.length;
        long[] sums = new long[sizes + 3];
        readSums(slot, sums);
        long[] slots = new long[sizes];
        for (int j = 0; j < sizes; j++) {
            slots[j] = sums[j] * blockSizes[j];
        }
        PaddingTotals totals =
                new PaddingTotals(sums[sizes], Arrays.copyOf(sums, sizes), slots, sums[sizes + 1], sums[sizes + 2]);
        PaddingAccumulator other = overflow(slot);
        return other == null ? totals : totals.plus(other.read(slot));
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

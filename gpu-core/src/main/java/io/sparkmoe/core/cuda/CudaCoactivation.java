package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.AnalysisBackend;
import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.Triangle;
import io.sparkmoe.core.cuda.driver.DeviceMemoryPool;
import io.sparkmoe.core.cuda.driver.LaunchConfig;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Co-activation on the device: sums [slots][triangle + experts], the pairs of slots and, beside them, what each expert's
 * tokens lack to the pairs of as many usual tokens.
 */
final class CudaCoactivation extends DeviceSums<CoactivationAccumulator> implements CoactivationAccumulator {
    private static final String FILE = "coactivation";

    private final CoactivationOptions options;
    private final int experts;
    private final int triangle;
    private final AnalysisBackend cpu;
    private final BufferAllocator allocator;

    /** Slots of the usual token, at least 2; 0 before the first. */
    private int usual;

    CudaCoactivation(
            CoactivationOptions options,
            DeviceCalls calls,
            DeviceMemoryPool memory,
            AnalysisBackend cpu,
            BufferAllocator allocator) {
        super(calls, memory, options.ids(), Triangle.size(options.numExperts()) + options.numExperts());
        this.options = options;
        this.experts = options.numExperts();
        this.triangle = Triangle.size(experts);
        this.cpu = cpu;
        this.allocator = allocator;
    }

    @Override
    boolean fits(RoutingBatch batch) {
        return TokenLine.fits(batch, options.topk());
    }

    @Override
    void launch(Lane lane, DeviceBatch in, SlottedBatch batch, long into) {
        TokenLine line = TokenLine.of(batch.batch(), batch.slots(), batch.numSlots(), options.topk());
        if (line.tokens() == 0) {
            lane.uploaded();
            return;
        }
        if (usual == 0) {
            usual = Math.max(2, line.runs()[3]);
        }
        boolean any = options.kind() == CoactivationKind.ADJACENT || (line.topk() != 6 && line.topk() != 8);
        int[] rows = CoactivationShapes.rows(experts, any, lane.maxSharedBytes());
        int copies = CoactivationShapes.copies(rows, experts, any, lane.maxSharedBytes());
        int[] starts = line.starts();
        long startsAt = starts == null ? 0 : lane.upload(starts, line.tokens());
        long runsAt = lane.upload(line.runs(), line.runs().length);
        long rowsAt = lane.upload(rows, rows.length);
        lane.uploaded();
        lane.arguments()
                .address(in.ids())
                .i32(in.type())
                .address(startsAt)
                .address(runsAt)
                .i32(line.numRuns())
                .i32(experts)
                .i32(usual)
                .i32(options.kind().ordinal())
                .address(rowsAt)
                .i32(rows.length - 1)
                .i32(copies)
                .address(into)
                .address(lane.tally());
        int shared = CoactivationShapes.sharedBytes(CoactivationShapes.largest(rows, experts), copies, experts, any);
        int blocks = CoactivationShapes.blocks(line.tokens(), rows.length - 1, lane.multiprocessors());
        String file = any ? FILE + "_any" : FILE;
        lane.launch(
                file,
                any ? file : file + "_k" + line.topk(),
                LaunchConfig.of(blocks, CoactivationShapes.THREADS, shared));
    }

    @Override
    CoactivationAccumulator openOnCpu() {
        return cpu.coactivation(options, allocator);
    }

    @Override
    void addOnCpu(CoactivationAccumulator accumulator, SlottedBatch batch) {
        accumulator.add(batch.batch(), batch.slots(), batch.numSlots());
    }

    @Override
    IdCounts countsOnCpu(CoactivationAccumulator accumulator) {
        return accumulator.counts();
    }

    @Override
    public void add(RoutingBatch batch, int[] slots, int numSlots) {
        addBatch(batch, slots, numSlots);
    }

    @Override
    public void read(int slot, long[] out) {
        long[] sums = new long[triangle + experts];
        readSums(slot, sums);
        if (options.kind() == CoactivationKind.ADJACENT) {
            for (int i = 0; i < experts; i++) {
                sums[Triangle.row(i, experts)] *= 2;
            }
        } else {
            setDiagonal(sums);
        }
        System.arraycopy(sums, 0, out, 0, triangle);
        CoactivationAccumulator other = overflow(slot);
        if (other != null) {
            long[] more = new long[triangle];
            other.read(slot, more);
            for (int i = 0; i < triangle; i++) {
                out[i] += more[i];
            }
        }
    }

    /** A usual token adds usual - 1 pairs to each expert that it names, another one lacks the difference. */
    private void setDiagonal(long[] sums) {
        long[] pairs = new long[experts];
        for (int i = 0; i < experts; i++) {
            int row = Triangle.row(i, experts) - i;
            pairs[i] += sums[triangle + i] + 2 * sums[row + i];
            for (int j = i + 1; j < experts; j++) {
                pairs[i] += sums[row + j];
                pairs[j] += sums[row + j];
            }
        }
        for (int i = 0; i < experts; i++) {
            int at = Triangle.row(i, experts);
            sums[at] = pairs[i] / Math.max(1, usual - 1) + 2 * sums[at];
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

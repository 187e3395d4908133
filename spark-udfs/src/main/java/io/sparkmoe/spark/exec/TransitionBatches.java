package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.analysis.LayerPair;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** Gives rows of the wide form to core's accumulator: each row's ids are cut into a segment a layer. */
final class TransitionBatches implements SumOperator.Accumulator {
    private final TransitionAccumulator transitions;
    private final BufferAllocator allocator;
    private final long[] counts;

    TransitionBatches(TransitionAccumulator transitions, BufferAllocator allocator, int numExperts) {
        this.transitions = transitions;
        this.allocator = allocator;
        this.counts = new long[Math.multiplyExact(numExperts, numExperts)];
    }

    @Override
    public void add(SumBatch batch, int[] slots, int numSlots) {
        RoutingBatch layers = batch.ids().get(0);
        RoutingBatch ids = batch.ids().get(1);
        int rows = layers.segments();
        int segments = Math.toIntExact(layers.totalIds());
        int[] first = new int[rows + 1];
        int[] numbers = new int[segments];
        if (segments > 0) {
            IdCodec.decode(layers.type(), layers.address(0), numbers, 0, segments);
        }
        try (ArrowBuf offsets = allocator.buffer(4L * (segments + 1))) {
            int at = 0;
            for (int row = 0; row < rows; row++) {
                first[row] = at;
                int n = layers.length(row);
                for (int i = 0; i < n; i++) {
                    offsets.setInt(4L * at++, ids.start(row) + ids.length(row) / n * i);
                }
            }
            first[rows] = at;
            offsets.setInt(4L * at, ids.start(rows));
            RoutingBatch cut =
                    new RoutingBatch(ids.type(), segments, offsets.memoryAddress(), ids.idsAddress(), ids.firstRow());
            transitions.add(new LayerBlocks(cut, first, numbers, ids.firstRow()), slots, numSlots);
        }
    }

    @Override
    public byte[] write(int slot) {
        PairTotals.Writer out = new PairTotals.Writer();
        for (LayerPair pair : transitions.pairs(slot)) {
            Arrays.fill(counts, 0);
            transitions.read(slot, pair, counts);
            out.add(pair, counts);
        }
        return out.bytes();
    }

    @Override
    public long moreBytes() {
        return transitions.bytes();
    }

    @Override
    public void clear() {
        transitions.clear();
    }

    @Override
    public IdCounts counts() {
        return transitions.counts();
    }

    @Override
    public void close() {
        transitions.close();
    }
}

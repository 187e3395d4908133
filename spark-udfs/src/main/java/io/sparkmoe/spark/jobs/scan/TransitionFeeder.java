package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.analysis.LayerPair;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Transitions between the layers of a token block. Blocks with unequal or repeated layers have none; they are counted. */
final class TransitionFeeder implements Feeder {
    private final int experts;
    private final TransitionAccumulator counts;
    private final Segments sorted;
    private int[] slots = new int[256];
    private int[] first = new int[256];
    private int[] layers = new int[256];
    private long leftOutBlocks;
    private long leftOutTokens;

    /** @param lag as {@link TransitionOptions#lag} */
    TransitionFeeder(FeederPlan.Task task, int lag, Part part) {
        experts = task.numExperts();
        sorted = new Segments(task.backend(), task.allocator());
        counts = task.backend()
                .analyses()
                .transitions(
                        new TransitionOptions(
                                experts,
                                task.topk(),
                                lag,
                                TransitionOptions.Slots.ALL,
                                part.index(),
                                part.parts(),
                                InvalidPolicy.ERROR),
                        task.allocator());
    }

    @Override
    public void feed(TraceSlice slice) {
        int blocks = slice.blocks();
        slots = slots.length < blocks ? new int[2 * blocks] : slots;
        first = new int[blocks + 1];
        layers = new int[slice.rows()];
        boolean regular = true;
        for (int b = 0; b < blocks; b++) {
            first[b] = slice.blockStart(b);
            regular &= ascends(slice, b);
        }
        first[blocks] = slice.rows();
        for (int r = 0; r < slice.rows(); r++) {
            layers[r] = slice.layer(r);
        }
        RoutingBatch ids = regular ? slice.ids() : sorted(slice);
        counts.add(new LayerBlocks(ids, first, layers, ids.firstRow()), slots, 1);
    }

    /** Whether a block's layers ascend and have the same ids. */
    private static boolean ascends(TraceSlice slice, int block) {
        int from = slice.blockStart(block);
        boolean ascends = true;
        for (int r = from + 1; r < slice.blockStart(block + 1); r++) {
            ascends &= slice.layer(r) > slice.layer(r - 1)
                    && slice.ids().length(r) == slice.ids().length(from);
        }
        return ascends;
    }

    /** The blocks with their layers in order, those that have transitions; fills first and layers. */
    private RoutingBatch sorted(TraceSlice slice) {
        sorted.reset(slice.ids());
        int kept = 0;
        for (int b = 0; b < slice.blocks(); b++) {
            int[] rows = IntStream.range(slice.blockStart(b), slice.blockStart(b + 1))
                    .boxed()
                    .sorted((x, y) -> Integer.compare(slice.layer(x), slice.layer(y)))
                    .mapToInt(Integer::intValue)
                    .toArray();
            first[kept] = sorted.size();
            if (lineUp(slice, rows)) {
                for (int r : rows) {
                    layers[sorted.size()] = slice.layer(r);
                    sorted.add(slice.ids(), r);
                }
                kept++;
            } else {
                leftOutBlocks++;
                leftOutTokens += slice.tokens(rows[0]);
            }
        }
        first = Arrays.copyOf(first, kept + 1);
        first[kept] = sorted.size();
        return sorted.batch();
    }

    private static boolean lineUp(TraceSlice slice, int[] rows) {
        for (int i = 1; i < rows.length; i++) {
            if (slice.layer(rows[i]) == slice.layer(rows[i - 1])
                    || slice.ids().length(rows[i]) != slice.ids().length(rows[0])) {
                return false;
            }
        }
        return true;
    }

    @Override
    public long bytes() {
        return counts.bytes();
    }

    @Override
    public void drain(Output out) {
        long[] sums = new long[Math.multiplyExact(experts, experts)];
        for (LayerPair pair : counts.pairs(0)) {
            counts.read(0, pair, sums);
            out.add(PartialKey.of(Family.TRANSITION, pair.fromLayer(), pair.toLayer()), PartialSums.write(sums));
        }
        if (leftOutBlocks > 0) {
            out.add(PartialKey.of(Family.IRREGULAR), PartialSums.write(leftOutBlocks, leftOutTokens));
        }
        counts.clear();
        leftOutBlocks = 0;
        leftOutTokens = 0;
    }

    @Override
    public void close() {
        try (sorted) {
            counts.close();
        }
    }
}

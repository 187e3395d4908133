package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.Triangle;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBatch;

/** Tokens that name two experts, by layer; one part of the layers where all of them do not fit. */
final class CoactivationFeeder implements Feeder {
    private final int experts;
    private final Part part;
    private final CoactivationAccumulator counts;
    private final Segments chosen;
    private final LayerSlots layers = new LayerSlots();
    private int[] slots = new int[256];

    CoactivationFeeder(FeederPlan.Task task, Part part) {
        this.experts = task.numExperts();
        this.part = part;
        this.chosen = new Segments(task.backend(), task.allocator());
        CoactivationOptions options =
                new CoactivationOptions(experts, task.topk(), CoactivationKind.TOKENS, InvalidPolicy.ERROR);
        this.counts = task.backend().analyses().coactivation(options, task.allocator());
    }

    @Override
    public void feed(TraceSlice slice) {
        slots = slots.length < slice.rows() ? new int[2 * slice.rows()] : slots;
        RoutingBatch batch = part.parts() == 1 ? all(slice) : chosen(slice);
        if (batch.segments() > 0) {
            counts.add(batch, slots, layers.size());
        }
    }

    private RoutingBatch all(TraceSlice slice) {
        for (int r = 0; r < slice.rows(); r++) {
            slots[r] = layers.slot(slice.layer(r));
        }
        return slice.ids();
    }

    private RoutingBatch chosen(TraceSlice slice) {
        chosen.reset(slice.ids());
        for (int r = 0; r < slice.rows(); r++) {
            if (part.has(slice.layer(r))) {
                slots[chosen.size()] = layers.slot(slice.layer(r));
                chosen.add(slice.ids(), r);
            }
        }
        return chosen.batch();
    }

    @Override
    public long bytes() {
        return 4L * experts * experts * layers.size();
    }

    @Override
    public void drain(Output out) {
        long[] sums = new long[Triangle.size(experts)];
        for (int slot = 0; slot < layers.size(); slot++) {
            counts.read(slot, sums);
            out.add(PartialKey.of(Family.COACTIVATION, layers.layer(slot)), PartialSums.write(sums));
        }
        counts.clear();
        layers.clear();
    }

    @Override
    public void close() {
        try (chosen) {
            counts.close();
        }
    }
}

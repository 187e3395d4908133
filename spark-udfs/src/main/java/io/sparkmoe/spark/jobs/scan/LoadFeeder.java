package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.InvalidPolicy;
import java.util.Arrays;

/** Expert load by layer: ids [E], repeated ids of a token [E], and tokens with a known id [1]. */
final class LoadFeeder implements Feeder {
    private final int experts;
    private final ExpertLoadAccumulator load;
    private final LayerSlots layers = new LayerSlots();
    private int[] slots = new int[256];
    private long[][] more = new long[16][];

    LoadFeeder(FeederPlan.Task task) {
        experts = task.numExperts();
        load = task.backend().expertLoad(new CountsOptions(experts, InvalidPolicy.ERROR), task.allocator());
    }

    @Override
    public void feed(TraceSlice slice) {
        slots = slots.length < slice.rows() ? new int[2 * slice.rows()] : slots;
        for (int r = 0; r < slice.rows(); r++) {
            int slot = layers.slot(slice.layer(r));
            slots[r] = slot;
            more(slot)[experts] += slice.known(r);
        }
        for (int i = 0; i < slice.repeats(); i++) {
            more[slots[slice.repeatedRow(i)]][slice.repeatedId(i)]++;
        }
        load.add(slice.ids(), slots, layers.size());
    }

    private long[] more(int slot) {
        if (slot >= more.length) {
            more = Arrays.copyOf(more, 2 * slot);
        }
        if (more[slot] == null) {
            more[slot] = new long[experts + 1];
        }
        return more[slot];
    }

    @Override
    public long bytes() {
        return 16L * (experts + 1) * layers.size();
    }

    @Override
    public void drain(Output out) {
        long[] counts = new long[experts];
        for (int slot = 0; slot < layers.size(); slot++) {
            load.read(slot, counts);
            long[] sums = Arrays.copyOf(counts, 2 * experts + 1);
            System.arraycopy(more[slot], 0, sums, experts, experts + 1);
            out.add(PartialKey.of(Family.LOAD, layers.layer(slot)), PartialSums.write(sums));
        }
        load.clear();
        layers.clear();
        Arrays.fill(more, null);
    }

    @Override
    public void close() {
        load.close();
    }
}

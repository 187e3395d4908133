package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingTotals;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Padding figures summed a slot: blocks of each block size, then segments, used ids and active experts. */
final class CpuPaddingTotals implements PaddingAccumulator {
    private final int[] blockSizes;
    private final Keys keys;
    private final Padding padding;
    private @Nullable Histogram histogram;
    private long[] sums = new long[0];
    private final int stride;
    private int slots;
    private Tally tally;

    CpuPaddingTotals(PaddingOptions options) {
        this.blockSizes = options.blockSizes();
        this.keys = Keys.of(options.ids());
        this.padding = new Padding(options, keys);
        this.stride = blockSizes.length + 3;
        this.tally = new Tally(keys);
    }

    @Override
    public void add(RoutingBatch batch, int[] slotOf, int numSlots) {
        if (numSlots * (long) stride > sums.length) {
            sums = Arrays.copyOf(sums, Math.max(Math.multiplyExact(numSlots, stride), 2 * sums.length));
        }
        slots = Math.max(slots, numSlots);
        Histogram h = histogramOf(batch);
        int sizes = blockSizes.length;
        for (int s = 0; s < batch.segments(); s++) {
            h.load(s);
            tally.add(batch, s, h);
            padding.measure(h);
            int at = slotOf[s] * stride;
            for (int j = 0; j < sizes; j++) {
                sums[at + j] += padding.blocks(j);
            }
            sums[at + sizes]++;
            sums[at + sizes + 1] += padding.used();
            sums[at + sizes + 2] += padding.activeExperts();
        }
    }

    private Histogram histogramOf(RoutingBatch batch) {
        Histogram h = histogram;
        if (h == null) {
            h = new Histogram(keys, batch);
            histogram = h;
        } else {
            h.use(keys, batch);
        }
        return h;
    }

    @Override
    public PaddingTotals read(int slot) {
        int sizes = blockSizes.length;
        int at = slot * stride;
        long[] blocks = Arrays.copyOfRange(sums, at, at + sizes);
        long[] padded = new long[sizes];
        for (int j = 0; j < sizes; j++) {
            padded[j] = blocks[j] * blockSizes[j];
        }
        return new PaddingTotals(sums[at + sizes], blocks, padded, sums[at + sizes + 1], sums[at + sizes + 2]);
    }

    @Override
    public void clear() {
        Arrays.fill(sums, 0, slots * stride, 0);
        slots = 0;
        tally = new Tally(keys);
    }

    @Override
    public IdCounts counts() {
        return tally.counts();
    }

    @Override
    public void close() {
        sums = new long[0];
        slots = 0;
    }
}

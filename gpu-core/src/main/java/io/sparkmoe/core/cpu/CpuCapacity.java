package io.sparkmoe.core.cpu;

import io.sparkmoe.core.analysis.CapacityAccumulator;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CapacityTotals;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.analysis.WeightBatch;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Capacity and drops: one ranking a pass answers every factor. */
final class CpuCapacity implements CapacityAccumulator {
    /** Sums a slot: passes, tokens, ids, then capacity, dropped, hit and lost for each factor. */
    private static final int HEAD = 3;

    private final CapacityOptions options;
    private final double[] factors;
    private final int stride;
    private final Keys keys;
    private final PassRanks ranks;
    private int[] ids = new int[0];
    private long[] sums = new long[0];
    private Tally tally;

    CpuCapacity(CapacityOptions options) {
        this.options = options;
        this.factors = options.factors();
        this.stride = HEAD + 4 * factors.length;
        this.keys = Keys.of(options.ids());
        this.ranks = new PassRanks(options.numExperts());
        this.tally = new Tally(keys);
    }

    @Override
    public void add(RoutingBatch batch, @Nullable WeightBatch weights, int[] slots, int numSlots) {
        if (numSlots * (long) stride > sums.length) {
            sums = Arrays.copyOf(sums, Math.max(Math.multiplyExact(numSlots, stride), 2 * sums.length));
        }
        for (int s = 0; s < batch.segments(); s++) {
            int n = batch.length(s);
            if (weights != null) {
                check(batch.firstRow() + s, weights, s, n);
            }
            int topk = Topk.of(batch, s, options.topk());
            if (n > 0) {
                load(batch, s, n);
                if (weights == null) {
                    ranks.byPosition(ids, n);
                } else {
                    ranks.byWeight(ids, n, weights, weights.start(s));
                }
                addPass(n, topk, slots[s] * stride);
            }
        }
    }

    private static void check(long row, WeightBatch weights, int s, int n) {
        if (weights.length(s) != n) {
            throw new MalformedRoutingException(
                    row,
                    -1,
                    String.format(
                            "row %d: %d topk_weights for %d topk_ids; there must be one weight an id.",
                            row, weights.length(s), n));
        }
        for (int i = 0; i < n; i++) {
            if (Float.isNaN(weights.weight(weights.start(s) + (long) i))) {
                throw new MalformedRoutingException(
                        row,
                        i,
                        String.format(
                                "row %d, position %d: the weight is NULL or NaN; which ids an expert keeps is undefined. "
                                        + "Leave topk_weights out to keep the earliest.",
                                row, i));
            }
        }
    }

    /** Decodes a pass; ids that take no part become negative and are counted. */
    private void load(RoutingBatch batch, int s, int n) {
        ids = ids.length < n ? new int[n] : ids;
        IdCodec.decode(batch.type(), batch.address(s), ids, 0, n);
        long masked = 0;
        long invalid = 0;
        for (int i = 0; i < n; i++) {
            if (ids[i] == -1) {
                masked++;
            } else if (ids[i] < 0 || ids[i] >= options.numExperts()) {
                ids[i] = -1;
                invalid++;
            }
        }
        tally.add(batch, s, s + 1, masked, invalid, 0);
    }

    private void addPass(int n, int topk, int at) {
        long tokens = n / topk;
        sums[at]++;
        sums[at + 1] += tokens;
        int[] of = ranks.ranks();
        for (int i = 0; i < n; i++) {
            sums[at + 2] += of[i] >= 0 ? 1 : 0;
        }
        for (int f = 0; f < factors.length; f++) {
            long capacity = CapacityOptions.capacity(tokens, topk, options.numExperts(), factors[f]);
            sums[at + HEAD + f] += capacity;
            addDrops(of, n, topk, capacity, at + HEAD + factors.length + f);
        }
    }

    private void addDrops(int[] of, int n, int topk, long capacity, int at) {
        long drops = 0;
        long hit = 0;
        long lost = 0;
        for (int token = 0; token < n; token += topk) {
            int taking = 0;
            int dropped = 0;
            for (int i = token; i < token + topk; i++) {
                taking += of[i] >= 0 ? 1 : 0;
                dropped += of[i] >= capacity ? 1 : 0;
            }
            drops += dropped;
            hit += dropped > 0 ? 1 : 0;
            lost += dropped > 0 && dropped == taking ? 1 : 0;
        }
        sums[at] += drops;
        sums[at + factors.length] += hit;
        sums[at + 2 * factors.length] += lost;
    }

    @Override
    public CapacityTotals read(int slot) {
        int at = slot * stride;
        return new CapacityTotals(
                sums[at], sums[at + 1], sums[at + 2], part(at, 0), part(at, 1), part(at, 2), part(at, 3));
    }

    private long[] part(int at, int part) {
        int from = at + HEAD + part * factors.length;
        return Arrays.copyOfRange(sums, from, from + factors.length);
    }

    @Override
    public void clear() {
        Arrays.fill(sums, 0);
        tally = new Tally(keys);
    }

    @Override
    public IdCounts counts() {
        return tally.counts();
    }

    @Override
    public void close() {
        sums = new long[0];
    }
}

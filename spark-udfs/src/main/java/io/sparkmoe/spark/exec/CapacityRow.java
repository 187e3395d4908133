package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.routing.MalformedRoutingException;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Capacity and drops of one pass on the heap: the row-wise path. */
final class CapacityRow {
    private CapacityRow() {}

    static void add(long[] sums, CapacityOptions options, int[] ids, float @Nullable [] weights) {
        int topk = Tokens.slots(ids.length, options.topk());
        int[] ranks = ranks(ids, weights, options);
        if (ids.length == 0) {
            return;
        }
        long tokens = ids.length / topk;
        sums[0]++;
        sums[1] += tokens;
        sums[2] += IntStream.of(ranks).filter(r -> r >= 0).count();
        double[] factors = options.factors();
        for (int f = 0; f < factors.length; f++) {
            long capacity = CapacityOptions.capacity(tokens, topk, options.numExperts(), factors[f]);
            sums[3 + f] += capacity;
            for (int at = 0; at < ids.length; at += topk) {
                long taking = IntStream.range(at, at + topk)
                        .filter(i -> ranks[i] >= 0)
                        .count();
                long dropped = IntStream.range(at, at + topk)
                        .filter(i -> ranks[i] >= capacity)
                        .count();
                sums[3 + factors.length + f] += dropped;
                sums[3 + 2 * factors.length + f] += dropped > 0 ? 1 : 0;
                sums[3 + 3 * factors.length + f] += dropped > 0 && dropped == taking ? 1 : 0;
            }
        }
    }

    /** The rank of each id among those of its expert: by position, or the heaviest first; -1 for one left out. */
    private static int[] ranks(int[] ids, float @Nullable [] weights, CapacityOptions options) {
        int[] ranks = new int[ids.length];
        int[] counts = new int[options.numExperts()];
        IntStream positions = IntStream.range(0, ids.length);
        if (weights != null) {
            check(ids, weights);
            positions = positions
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer i) -> -(weights[i] + 0.0f)))
                    .mapToInt(Integer::intValue);
        }
        positions.forEach(i -> {
            boolean counted = SumOperators.counted(ids[i], i, options.numExperts(), options.invalid());
            ranks[i] = counted ? counts[ids[i]]++ : -1;
        });
        return ranks;
    }

    private static void check(int[] ids, float[] weights) {
        if (weights.length != ids.length) {
            throw new MalformedRoutingException(
                    0,
                    -1,
                    "row 0: " + weights.length + " topk_weights for " + ids.length
                            + " topk_ids; there must be one weight an id.");
        }
        for (int i = 0; i < weights.length; i++) {
            if (Float.isNaN(weights[i])) {
                throw new MalformedRoutingException(
                        0,
                        i,
                        "row 0, position " + i + ": the weight is NULL or NaN; which ids an expert keeps is undefined. "
                                + "Leave topk_weights out to keep the earliest.");
            }
        }
    }
}

package io.sparkmoe.core.cpu;

import io.sparkmoe.core.analysis.WeightBatch;
import java.util.Arrays;

/**
 * The rank of each id of a pass among the ids of its expert: the expert with room for c keeps the ranks below c. Scratch
 * is reused from pass to pass.
 */
final class PassRanks {
    private final int experts;
    private final int[] counts;
    private int[] ranks = new int[0];
    private long[] order = new long[0];

    PassRanks(int experts) {
        this.experts = experts;
        this.counts = new int[experts + 1];
    }

    /** The rank of each id, -1 for one that takes no part; valid until the next pass. */
    int[] ranks() {
        return ranks;
    }

    /** By position: the earlier id ranks before the later. */
    void byPosition(int[] ids, int count) {
        ranks = ranks.length < count ? new int[count] : ranks;
        Arrays.fill(counts, 0);
        for (int i = 0; i < count; i++) {
            ranks[i] = ids[i] < 0 ? -1 : counts[ids[i]]++;
        }
    }

    /** By weight: the heavier id ranks before the lighter, of equal ones the earlier. */
    void byWeight(int[] ids, int count, WeightBatch weights, long firstWeight) {
        byPosition(ids, count);
        order = order.length < count ? new long[count] : order;
        int[] starts = new int[experts + 1];
        for (int e = 0; e < experts; e++) {
            starts[e + 1] = starts[e] + counts[e];
        }
        for (int i = 0; i < count; i++) {
            if (ids[i] >= 0) {
                order[starts[ids[i]] + ranks[i]] = key(weights.weight(firstWeight + i), i);
            }
        }
        for (int e = 0; e < experts; e++) {
            Arrays.sort(order, starts[e], starts[e + 1]);
            for (int at = starts[e]; at < starts[e + 1]; at++) {
                ranks[(int) order[at]] = at - starts[e];
            }
        }
    }

    /** Ascending keys are descending weights, and ascending positions of equal weights; -0 equals 0. */
    private static long key(float weight, int position) {
        int bits = Float.floatToIntBits(weight + 0.0f);
        int ascending = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
        return ((long) ~ascending << 32) | position;
    }
}

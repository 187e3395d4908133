package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.jobs.passes.PassReplay;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.jobs.rows.RowKey;
import java.util.HashMap;
import java.util.Map;

/** Passes of which other tasks may have more tokens: tokens and counts of each expert, which add up. */
final class PassFragments {
    private static final short MASKED = (short) 0xffff;

    /** Between the parts of a pass's name. */
    private static final char SEPARATOR = '\1';

    private final ReplayOptions options;
    private final Map<PartialKey, long[]> sums = new HashMap<>();

    PassFragments(ReplayOptions options) {
        this.options = options;
    }

    /** Adds a row of a pass that the recorder named. */
    void recorded(RowKey key, int layer, int tokens, int[] ids, int n) {
        String pass =
                PassReplay.RECORDED + SEPARATOR + (key.rank() == null ? "" : key.rank()) + SEPARATOR + key.source();
        long[] sum = sum(new PartialKey(Family.FRAGMENT, layer, 0, key.step(), pass));
        sum[0] += tokens;
        for (int i = 0; i < n; i++) {
            if (ids[i] >= 0) {
                sum[1 + ids[i]]++;
            }
        }
    }

    /**
     * Adds tokens of a prefill pass.
     *
     * @param start position where the pass starts
     */
    void prefill(RowKey key, int layer, int size, long start, short[] codes, int from, int length) {
        String pass = PassReplay.PREFILL + SEPARATOR + key.choice() + SEPARATOR + SequenceName.of(key);
        long[] sum = sum(new PartialKey(Family.FRAGMENT, layer, size, start, pass));
        sum[0] += length / options.topk();
        for (int i = from; i < from + length; i++) {
            if (codes[i] != MASKED) {
                sum[1 + (codes[i] & 0xffff)]++;
            }
        }
    }

    /** The phase of a fragment's pass. */
    static String phase(PartialKey key) {
        return key.text().substring(0, key.text().indexOf(SEPARATOR));
    }

    private long[] sum(PartialKey key) {
        return sums.computeIfAbsent(key, k -> new long[options.numExperts() + 1]);
    }

    long bytes() {
        return sums.size() * (8L * options.numExperts() + 200);
    }

    void drain(Feeder.Output out) {
        sums.forEach((key, sum) -> out.add(key, PartialSums.write(sum)));
        sums.clear();
    }
}

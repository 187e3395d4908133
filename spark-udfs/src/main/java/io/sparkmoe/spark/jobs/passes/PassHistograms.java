package io.sparkmoe.spark.jobs.passes;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Figures of very many passes on the heap. Padding and drops of a pass follow from how many experts got how many ids, so
 * that a pass costs two steps an id, and block sizes and capacity factors cost nothing until the end.
 */
public final class PassHistograms {
    private static final short MASKED = (short) 0xffff;

    private final ReplayOptions options;
    private final Map<PassKey, Histogram> histograms = new LinkedHashMap<>();
    private final int[] counts;
    private int[] touched = new int[64];
    private @Nullable PassKey lastKey;
    private @Nullable Histogram last;

    public PassHistograms(ReplayOptions options) {
        this.options = options;
        this.counts = new int[options.numExperts()];
    }

    /** Adds one pass: {@code length} id codes from {@code from}. */
    public void pass(int layer, String phase, int tokensPerPass, short[] ids, int from, int length) {
        Histogram into = histogram(layer, phase, tokensPerPass);
        int used = count(ids, from, length);
        int tokens = length / options.topk();
        if (tokens == tokensPerPass) {
            into.passes++;
            for (int i = 0; i < used; i++) {
                into.add(counts[touched[i]]);
            }
        } else {
            long[] of = new long[used];
            for (int i = 0; i < used; i++) {
                of[i] = counts[touched[i]];
            }
            PassTotals one = PassTotals.of(tokens, of, options);
            into.smaller = into.smaller == null ? one : into.smaller.plus(one);
        }
        for (int i = 0; i < used; i++) {
            counts[touched[i]] = 0;
        }
    }

    private Histogram histogram(int layer, String phase, int size) {
        PassKey key = lastKey;
        if (last == null
                || key == null
                || key.layer() != layer
                || key.tokensPerPass() != size
                || !key.phase().equals(phase)) {
            lastKey = new PassKey(layer, phase, size);
            last = histograms.computeIfAbsent(lastKey, k -> new Histogram());
        }
        return last;
    }

    /** Counts the ids of a pass; returns how many experts got any, which stand in touched. */
    private int count(short[] ids, int from, int length) {
        if (touched.length < Math.min(length, counts.length)) {
            touched = new int[counts.length];
        }
        int used = 0;
        for (int i = from; i < from + length; i++) {
            if (ids[i] != MASKED) {
                int expert = ids[i] & 0xffff;
                if (counts[expert]++ == 0) {
                    touched[used++] = expert;
                }
            }
        }
        return used;
    }

    /** The totals of everything added. */
    public Map<PassKey, PassTotals> totals() {
        Map<PassKey, PassTotals> out = new LinkedHashMap<>();
        histograms.forEach((key, h) -> out.put(key, h.totals(key.tokensPerPass(), options)));
        return out;
    }

    /** Forgets what was added. */
    public void clear() {
        histograms.clear();
        lastKey = null;
        last = null;
    }

    /** Passes of one layer, phase and size. */
    private static final class Histogram {
        /** [c]: how often an expert got c ids in a pass of the full size. */
        private long[] times = new long[16];

        private long passes;
        private @Nullable PassTotals smaller;

        void add(int count) {
            if (count >= times.length) {
                times = Arrays.copyOf(times, 2 * count);
            }
            times[count]++;
        }

        PassTotals totals(int size, ReplayOptions options) {
            PassTotals whole = PassTotals.of(size, passes, times, options);
            return smaller == null ? whole : whole.plus(smaller);
        }
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of a batch in the order of their slots, and of their topk inside a slot, as the co-activation kernels take
 * them.
 *
 * @param starts the first id of each token of the line, counted from the batch's first; null where tokens lie in the line's
 *     order and are all of one topk
 * @param tokens tokens of the line
 * @param runs from, to (tokens of the line), slot, topk of each run
 * @param topk slots of every token; 0 where they differ
 */
@SuppressWarnings("ArrayRecordComponent") // lives for one launch; nothing compares it
record TokenLine(int @Nullable [] starts, int tokens, int[] runs, int topk) {
    static final int MAX_EXPERTS = 1024;

    /** Most slots of a token that the kernels take. */
    static final int MAX_TOPK = 256;

    private static final int RUN = 4;

    int numRuns() {
        return runs.length / RUN;
    }

    /** Whether segments are whole tokens of at most {@link #MAX_TOPK} slots. */
    static boolean fits(RoutingBatch batch, int topk) {
        for (int s = 0; s < batch.segments(); s++) {
            int n = batch.length(s);
            if (topk == Topk.OF_SEGMENT ? n > MAX_TOPK : n != topk && n % topk != 0) {
                return false;
            }
        }
        return true;
    }

    static TokenLine of(RoutingBatch batch, int[] slots, int numSlots, int topk) {
        int common = topk == Topk.OF_SEGMENT ? commonLength(batch) : topk;
        if (common > 0 && ascending(slots, batch.segments())) {
            int[] order = new int[batch.segments()];
            Arrays.setAll(order, s -> s);
            return new Builder(batch, slots, common, order).build(null);
        }
        int[] order = new int[batch.segments()];
        Arrays.setAll(order, s -> s);
        if (common == 0) {
            order = sorted(order, MAX_TOPK + 1, batch::length);
        }
        order = sorted(order, numSlots, s -> slots[s]);
        return new Builder(batch, slots, common, order).build(new int[tokens(batch, common)]);
    }

    /** The length of all segments that have ids; 0 where they differ. */
    private static int commonLength(RoutingBatch batch) {
        int common = 0;
        for (int s = 0; s < batch.segments(); s++) {
            int n = batch.length(s);
            if (n != common && n > 0) {
                if (common > 0) {
                    return 0;
                }
                common = n;
            }
        }
        return Math.max(1, common);
    }

    private static int tokens(RoutingBatch batch, int common) {
        return common > 0 ? Math.toIntExact(batch.totalIds() / common) : batch.segments();
    }

    private static boolean ascending(int[] slots, int n) {
        for (int s = 1; s < n; s++) {
            if (slots[s] < slots[s - 1]) {
                return false;
            }
        }
        return true;
    }

    private interface Key {
        int of(int segment);
    }

    /** A stable counting sort. */
    private static int[] sorted(int[] order, int keys, Key key) {
        int[] at = new int[keys + 1];
        for (int s : order) {
            at[key.of(s) + 1]++;
        }
        for (int k = 0; k < keys; k++) {
            at[k + 1] += at[k];
        }
        int[] out = new int[order.length];
        for (int s : order) {
            out[at[key.of(s)]++] = s;
        }
        return out;
    }

    private static final class Builder {
        private final RoutingBatch batch;
        private final int[] slots;
        private final int common;
        private final int[] order;
        private int[] runs = new int[RUN];
        private int used;
        private int tokens;

        Builder(RoutingBatch batch, int[] slots, int common, int[] order) {
            this.batch = batch;
            this.slots = slots;
            this.common = common;
            this.order = order;
        }

        TokenLine build(int @Nullable [] starts) {
            int origin = batch.start(0);
            for (int s : order) {
                int n = batch.length(s);
                int topk = common > 0 ? common : n;
                if (n == 0) {
                    continue;
                }
                extend(slots[s], topk, n / topk);
                int start = batch.start(s) - origin;
                for (int t = tokens - n / topk; starts != null && t < tokens; t++, start += topk) {
                    starts[t] = start;
                }
            }
            return new TokenLine(starts, tokens, Arrays.copyOf(runs, used), common);
        }

        /** Adds tokens to the last run, or begins another. */
        private void extend(int slot, int topk, int more) {
            if (used == 0 || runs[used - 2] != slot || runs[used - 1] != topk) {
                if (used == runs.length) {
                    runs = Arrays.copyOf(runs, 2 * used);
                }
                runs[used] = tokens;
                runs[used + 2] = slot;
                runs[used + 3] = topk;
                used += RUN;
            }
            tokens += more;
            runs[used - 3] = tokens;
        }
    }
}

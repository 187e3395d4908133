package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBatch;

/**
 * The second pass of expert-parallel preprocessing: order and its inverse, one loop a numbering. Keys in [lo, hi) are
 * placed; every other id gets src2dst -1 unless its form says otherwise.
 */
final class EpScatter {
    private static final int TILE = Histogram.TILE;

    private final RoutingBatch batch;
    private final Histogram histogram;
    private final int lo;
    private final int hi;

    EpScatter(RoutingBatch batch, Histogram histogram, int lo, int hi) {
        this.batch = batch;
        this.histogram = histogram;
        this.lo = lo;
        this.hi = hi;
    }

    void plain(int s, long order, long src2dst) {
        int[] at = histogram.positions();
        int n = batch.length(s);
        for (int from = 0, count; (count = Math.min(TILE, n - from)) > 0; from += count) {
            int[] tile = histogram.tile(s, from, count);
            for (int i = 0; i < count; i++) {
                int key = tile[i];
                int d = -1;
                if (key >= lo && key < hi) {
                    d = at[key]++;
                    Memory.putInt(order + 4L * d, from + i);
                }
                Memory.putInt(src2dst + 4L * (from + i), d);
            }
        }
    }

    /** Masked ids point, in their order, to the negative positions -masked .. -1. */
    void shifted(int s, long order, long src2dst) {
        int masked = histogram.count(Keys.MASKED);
        plain(s, order, src2dst);
        if (masked == 0) {
            return;
        }
        int n = batch.length(s);
        int next = -masked;
        for (int from = 0, count; (count = Math.min(TILE, n - from)) > 0; from += count) {
            int[] tile = histogram.tile(s, from, count);
            for (int i = 0; i < count; i++) {
                if (tile[i] == Keys.MASKED) {
                    Memory.putInt(src2dst + 4L * (from + i), next++);
                }
            }
        }
    }

    /** Rows are numbered slot * num_tokens + token. */
    void slotMajor(int s, int topk, long order, long src2dst) {
        int[] at = histogram.positions();
        int n = batch.length(s);
        int tokens = n / topk;
        int row = 0;
        for (int from = 0, count; (count = Math.min(TILE, n - from)) > 0; from += count) {
            int[] tile = histogram.tile(s, from, count);
            for (int i = 0; i < count; i++) {
                int key = tile[i];
                int d = -1;
                if (key >= lo && key < hi) {
                    d = at[key]++;
                    Memory.putInt(order + 4L * d, row);
                }
                Memory.putInt(src2dst + 4L * row, d);
                // The next slot of this token, or slot 0 of the next.
                row = row < n - tokens ? row + tokens : row - (n - tokens) + 1;
            }
        }
    }

    /** Expert e owns the rows [e * mMax, (e + 1) * mMax). */
    void padded(int s, int mMax, long order, long src2dst) {
        int[] at = histogram.positions();
        int[] shift = histogram.shifts();
        for (int a = 0; a < histogram.actives(); a++) {
            int key = histogram.key(a);
            shift[key] = (key - Keys.FIRST_BIN) * mMax - at[key];
        }
        int n = batch.length(s);
        for (int from = 0, count; (count = Math.min(TILE, n - from)) > 0; from += count) {
            int[] tile = histogram.tile(s, from, count);
            for (int i = 0; i < count; i++) {
                int key = tile[i];
                int d = -1;
                if (key >= lo && key < hi) {
                    d = at[key]++;
                    Memory.putInt(order + 4L * d, from + i);
                    d += shift[key];
                }
                Memory.putInt(src2dst + 4L * (from + i), d);
            }
        }
    }
}

package io.sparkmoe.core.cpu;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Counts of one layer pair, cells[i * E + j]: int32, moved to int64 before they could overflow. */
final class TransitionCounts {
    private final int[] cells;
    private final int experts;
    private long @Nullable [] wide;
    private long pending;

    TransitionCounts(int experts) {
        this.experts = experts;
        this.cells = new int[Math.multiplyExact(experts, experts)];
    }

    /** Makes room for {@code most} more increments of any one cell. */
    void reserve(long most) {
        if (pending + most > Integer.MAX_VALUE) {
            wide = wide == null ? new long[cells.length] : wide;
            for (int i = 0; i < cells.length; i++) {
                wide[i] += cells[i];
            }
            Arrays.fill(cells, 0);
            pending = 0;
        }
        pending += most;
    }

    /** Every slot with every slot; negative ids take no part. */
    void addAll(int[] from, int[] to, int count, int topk, boolean odd) {
        for (int at = 0; at < count; at += topk) {
            for (int i = at; i < at + topk; i++) {
                if (odd) {
                    addOdd(from[i], to, at, topk);
                } else {
                    addRow(from[i] * experts, to, at, at + topk);
                }
            }
        }
    }

    private void addRow(int row, int[] to, int from, int end) {
        int j = from;
        for (; j + 3 < end; j += 4) {
            cells[row + to[j]]++;
            cells[row + to[j + 1]]++;
            cells[row + to[j + 2]]++;
            cells[row + to[j + 3]]++;
        }
        for (; j < end; j++) {
            cells[row + to[j]]++;
        }
    }

    private void addOdd(int id, int[] to, int at, int topk) {
        for (int j = at; id >= 0 && j < at + topk; j++) {
            if (to[j] >= 0) {
                cells[id * experts + to[j]]++;
            }
        }
    }

    /** Slot j with slot j; negative ids take no part. */
    void addSame(int[] from, int[] to, int count) {
        for (int i = 0; i < count; i++) {
            if ((from[i] | to[i]) >= 0) {
                cells[from[i] * experts + to[i]]++;
            }
        }
    }

    void read(long[] out) {
        for (int i = 0; i < cells.length; i++) {
            out[i] = cells[i] + (wide == null ? 0 : wide[i]);
        }
    }

    long bytes() {
        return 4L * cells.length + (wide == null ? 0 : 8L * wide.length);
    }
}

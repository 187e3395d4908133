package io.sparkmoe.core.cpu;

import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.Triangle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The counts of one group: pairs of slots in int32, moved to int64 before they could overflow.
 *
 * <p>The number of tokens that name an expert follows from its pairs: a token of k slots adds k - 1 pairs to each. Where a
 * token has another number of slots than the usual k, {@code lacking} makes up for it, so that the usual token costs its
 * pairs and nothing else.
 */
final class PairMatrix {
    final int[] cells;
    final long[] lacking;
    private final int experts;
    private long @Nullable [] wide;
    private long pending;

    PairMatrix(int experts) {
        this.experts = experts;
        this.cells = new int[Math.multiplyExact(experts, experts)];
        this.lacking = new long[experts];
    }

    /** Makes room for {@code most} more increments of any one cell. */
    void reserve(long most) {
        if (pending + most > Integer.MAX_VALUE) {
            flush();
        }
        pending += most;
    }

    private void flush() {
        if (wide == null) {
            wide = new long[cells.length];
        }
        for (int i = 0; i < cells.length; i++) {
            wide[i] += cells[i];
        }
        Arrays.fill(cells, 0);
        pending = 0;
    }

    /** The sum of the diagonal's int32 part: it moves only by tokens that name an expert twice. */
    long diagonal() {
        long sum = 0;
        for (int i = 0; i < cells.length; i += experts + 1) {
            sum += cells[i];
        }
        return sum;
    }

    /** The {@link Triangle} of a kind; {@code usual} is the number of slots that {@code lacking} is relative to. */
    void read(CoactivationKind kind, int usual, long[] out) {
        for (int i = 0; i < experts; i++) {
            int row = Triangle.row(i, experts);
            out[row] = kind == CoactivationKind.ADJACENT ? 2 * cell(i, i) : 0;
            for (int j = i + 1; j < experts; j++) {
                out[row + j - i] = cell(i, j) + cell(j, i);
            }
        }
        if (kind != CoactivationKind.ADJACENT) {
            readDiagonal(usual, out);
        }
    }

    private void readDiagonal(int usual, long[] out) {
        for (int i = 0; i < experts; i++) {
            long pairs = lacking[i] + 2 * cell(i, i);
            for (int j = 0; j < experts; j++) {
                pairs += j == i ? 0 : out[Triangle.index(i, j, experts)];
            }
            out[Triangle.row(i, experts)] = pairs / (usual - 1) + 2 * cell(i, i);
        }
    }

    private long cell(int i, int j) {
        int at = i * experts + j;
        return cells[at] + (wide == null ? 0 : wide[at]);
    }

    void clear() {
        Arrays.fill(cells, 0);
        Arrays.fill(lacking, 0);
        wide = null;
        pending = 0;
    }
}

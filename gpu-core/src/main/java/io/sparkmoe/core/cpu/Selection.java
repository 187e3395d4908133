package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;

/** Which slots of a segment are selected and the row that each names, checked; scratch that goes from segment to segment. */
final class Selection {
    private final RoutingBatch topkIds;
    private final RoutingBatch src2dst;
    private final ExpertRange experts;
    private final String rowsOf;

    private int[] ids = new int[0];
    private int[] rows = new int[0];
    private long[] named = new long[0];

    /**
     * @param rowsOf whose rows src2dst names, for messages
     */
    Selection(RoutingBatch topkIds, RoutingBatch src2dst, ExpertRange experts, String rowsOf) {
        this.topkIds = topkIds;
        this.src2dst = src2dst;
        this.experts = experts;
        this.rowsOf = rowsOf;
    }

    /** Turns to segment {@code s}, whose slots may name {@code count} rows, each once. */
    void load(int s, long count) {
        int n = topkIds.length(s);
        if (ids.length < n) {
            ids = new int[n];
            rows = new int[n];
        }
        IdCodec.decode(topkIds.type(), topkIds.address(s), ids, 0, n);
        IdCodec.decode(IdType.INT32, src2dst.address(s), rows, 0, n);
        int words = (int) ((Math.min(count, Integer.MAX_VALUE) + 63) / 64);
        named = named.length < words ? new long[words] : named;
        Arrays.fill(named, 0, words, 0);
        for (int i = 0; i < n; i++) {
            if (rows[i] >= 0 && experts.contains(ids[i])) {
                name(s, i, count);
            } else {
                rows[i] = -1;
            }
        }
    }

    private void name(int s, int i, long count) {
        int row = rows[i];
        if (row >= count) {
            throw malformed(s, i, "names no row of " + rowsOf + ", which has " + count);
        }
        long bit = 1L << row;
        if ((named[row >> 6] & bit) != 0) {
            int other = 0;
            while (rows[other] != row) {
                other++;
            }
            throw malformed(s, i, "is the selected slot's at position " + other + " too");
        }
        named[row >> 6] |= bit;
    }

    private MalformedRoutingException malformed(int s, int i, String what) {
        long row = topkIds.firstRow() + s;
        return new MalformedRoutingException(
                row,
                i,
                "row " + row + ", position " + i + ": src2dst " + rows[i] + " " + what
                        + ". Pass topk_ids and the src2dst that moe_ep_preprocess made of them.");
    }

    /** The row that slot i names, or -1 where it is not selected. */
    int row(int i) {
        return rows[i];
    }

    int id(int i) {
        return ids[i];
    }

    /** The first row from {@code row} on that a selected slot names, or that none does; {@code end} if there is none. */
    int next(boolean wanted, int row, int end) {
        int at = row;
        while (at < end) {
            long word = (wanted ? named[at >> 6] : ~named[at >> 6]) >>> at;
            if (word != 0) {
                return Math.min(end, at + Long.numberOfTrailingZeros(word));
            }
            at = (at | 63) + 1;
        }
        return end;
    }
}

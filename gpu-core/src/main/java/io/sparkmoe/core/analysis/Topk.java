package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBatch;

/** Slots of a token: given once for all, or a segment is one token ({@link #OF_SEGMENT}). */
public final class Topk {
    /** In options: every segment is one token, of as many slots as it has ids. */
    public static final int OF_SEGMENT = 0;

    /** Most slots of a token; models have up to 22. */
    public static final int MAX = 1024;

    private Topk() {}

    /** @throws IllegalArgumentException for a topk that is neither {@link #OF_SEGMENT} nor in [1, {@link #MAX}] */
    public static void check(int topk) {
        if (topk < OF_SEGMENT || topk > MAX) {
            throw new IllegalArgumentException("topk must be in [1, " + MAX + "], got " + topk);
        }
    }

    /**
     * Slots of a token of a segment; 0 for a segment without ids.
     *
     * @throws MalformedRoutingException when the segment does not hold whole tokens
     */
    public static int of(RoutingBatch batch, int segment, int topk) {
        int n = batch.length(segment);
        if (n == topk) {
            return n;
        }
        if (topk == OF_SEGMENT) {
            if (n > MAX) {
                throw refused(
                        batch.firstRow() + segment,
                        "a token of " + n + " slots, more than " + MAX
                                + ". Give topk: without it every list is one token");
            }
            return n;
        }
        if (n % topk != 0) {
            throw refused(
                    batch.firstRow() + segment,
                    n + " ids are not whole tokens of topk = " + topk + ". Check topk, or clean the row");
        }
        return topk;
    }

    private static MalformedRoutingException refused(long row, String what) {
        return new MalformedRoutingException(row, -1, "row " + row + ": " + what + ".");
    }
}

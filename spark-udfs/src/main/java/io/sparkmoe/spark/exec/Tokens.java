package io.sparkmoe.spark.exec;

import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.routing.MalformedRoutingException;

/** The tokens of one row's ids, for what works row by row. */
final class Tokens {
    private Tokens() {}

    /**
     * Slots of a token, at least 1.
     *
     * @throws MalformedRoutingException when the ids are not whole tokens
     */
    static int slots(int ids, int topk) {
        int slots = topk == Topk.OF_SEGMENT ? ids : topk;
        if (slots > Topk.MAX) {
            throw refused("a token of " + ids + " slots, more than " + Topk.MAX
                    + ". Give topk: without it every list is one token.");
        }
        if (slots > 0 && ids % slots != 0) {
            throw refused(ids + " ids are not whole tokens of topk = " + topk + ". Check topk, or clean the row.");
        }
        return Math.max(1, slots);
    }

    private static MalformedRoutingException refused(String what) {
        return new MalformedRoutingException(0, -1, "row 0: " + what);
    }
}

package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.InvalidPolicy;
import java.io.Serializable;

/**
 * Options of {@link AnalysisBackend#transitions}. Masked ids are left out.
 *
 * @param numExperts E, in [1, {@link CoactivationOptions#MAX_EXPERTS}]
 * @param topk slots of a token, or {@link Topk#OF_SEGMENT}
 * @param lag 1 for adjacent layers, n for the n-th next layer <em>of a block's list</em>, {@link #ALL_PAIRS} for every pair
 * @param slots which slots meet
 * @param part which part of the layer pairs to count, in [0, parts)
 * @param parts into how many parts the pairs are split, where all of them together do not fit
 * @param invalid policy for ids outside [0, E)
 */
public record TransitionOptions(
        int numExperts, int topk, int lag, Slots slots, int part, int parts, InvalidPolicy invalid)
        implements Serializable {
    /** As {@code lag}: every layer with every later one. */
    public static final int ALL_PAIRS = 0;

    /** Which slots of the two layers meet. */
    public enum Slots {
        /** Every slot at the one layer with every slot at the other. */
        ALL,
        /** OLMoE's: slot j with slot j only. It reads the slot order. */
        SAME
    }

    public TransitionOptions {
        CoactivationOptions.checkMatrix(numExperts);
        Topk.check(topk);
        if (lag < 0) {
            throw new IllegalArgumentException("lag must be at least 1, got " + lag);
        }
        if (parts < 1 || part < 0 || part >= parts) {
            throw new IllegalArgumentException(
                    "part must be in [0, parts) and parts at least 1, got part " + part + " of " + parts);
        }
    }

    /** Whether this part counts a pair of layers. Depends on the pair alone, so that parts of any data add up. */
    public boolean counts(int fromLayer, int toLayer) {
        long number = lag == ALL_PAIRS ? toLayer * (toLayer - 1L) / 2 + fromLayer : fromLayer;
        return Math.floorMod(number, (long) parts) == part;
    }
}

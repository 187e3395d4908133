package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import java.io.Serializable;

/**
 * Options of {@link AnalysisBackend#coactivation}. Masked ids are left out.
 *
 * @param numExperts E, in [1, {@link #MAX_EXPERTS}]
 * @param topk slots of a token, or {@link Topk#OF_SEGMENT}
 * @param invalid policy for ids outside [0, E)
 */
public record CoactivationOptions(int numExperts, int topk, CoactivationKind kind, InvalidPolicy invalid)
        implements Serializable {
    /** A matrix of as many experts squared is 0.5 GiB as int64. */
    public static final int MAX_EXPERTS = 8192;

    public CoactivationOptions {
        checkMatrix(numExperts);
        Topk.check(topk);
    }

    static void checkMatrix(int numExperts) {
        if (numExperts < 1 || numExperts > MAX_EXPERTS) {
            throw new IllegalArgumentException("num_experts must be in [1, " + MAX_EXPERTS
                    + "] where the result has num_experts x num_experts counts, got " + numExperts);
        }
    }

    /** The policies as the other operators take them. */
    public IdOptions ids() {
        return IdOptions.of(numExperts).withInvalid(invalid);
    }
}

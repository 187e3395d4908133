package io.sparkmoe.core.analysis;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Options of {@link AnalysisBackend#capacity}. Masked ids are left out; their tokens count as tokens.
 *
 * @param numExperts E, in [1, 65535]
 * @param topk slots of a token, or {@link Topk#OF_SEGMENT}: a pass of one token
 * @param factors capacity factors to try, each finite and above 0
 * @param invalid policy for ids outside [0, E)
 */
@SuppressWarnings("ArrayRecordComponent") // equals, hashCode and the accessor treat it as a value
public record CapacityOptions(int numExperts, int topk, double[] factors, InvalidPolicy invalid)
        implements Serializable {
    public CapacityOptions {
        IdOptions.of(numExperts);
        Topk.check(topk);
        if (factors.length == 0) {
            throw new IllegalArgumentException("factors is empty: give at least one");
        }
        for (double f : factors) {
            if (!(f > 0) || Double.isInfinite(f)) {
                throw new IllegalArgumentException(
                        "factors must all be finite and above 0, got " + Arrays.toString(factors));
            }
        }
        factors = factors.clone();
    }

    @Override
    public double[] factors() {
        return factors.clone();
    }

    /** The policies as the other operators take them. */
    public IdOptions ids() {
        return IdOptions.of(numExperts).withInvalid(invalid);
    }

    /**
     * Slots that each expert gets in a pass: Megatron's ceil(((T * k) / E) * factor), in IEEE double and this order: 400
     * ids, 8 experts and 1.1 give 56, not 55.
     *
     * @param tokens T, masked ones included
     */
    public static long capacity(long tokens, int topk, int numExperts, double factor) {
        return (long) Math.ceil((((double) (tokens * topk)) / numExperts) * factor);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof CapacityOptions c
                && numExperts == c.numExperts
                && topk == c.topk
                && invalid == c.invalid
                && Arrays.equals(factors, c.factors);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * numExperts + topk) + Arrays.hashCode(factors);
    }

    @Override
    public String toString() {
        return "CapacityOptions[numExperts=" + numExperts + ", topk=" + topk + ", factors=" + Arrays.toString(factors)
                + ", invalid=" + invalid + "]";
    }
}

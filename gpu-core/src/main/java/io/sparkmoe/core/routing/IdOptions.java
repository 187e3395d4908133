package io.sparkmoe.core.routing;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What every id operator must know of the ids.
 *
 * @param numExperts E, in [1, 65535]
 * @param invalid policy for ids outside [0, E) other than -1
 * @param masked policy for -1
 * @param expertMap the rank's expert map, or null when all experts are local
 */
public record IdOptions(
        int numExperts,
        InvalidPolicy invalid,
        MaskedPolicy masked,
        @Nullable ExpertMap expertMap) implements Serializable {
    public static final int MAX_EXPERTS = 65_535;

    public IdOptions {
        if (numExperts < 1 || numExperts > MAX_EXPERTS) {
            throw new IllegalArgumentException("num_experts must be in [1, " + MAX_EXPERTS + "], got " + numExperts);
        }
        if (expertMap != null && expertMap.size() != numExperts) {
            throw new IllegalArgumentException("expert_map has " + expertMap.size() + " entries but num_experts is "
                    + numExperts + ": it needs one entry an expert");
        }
    }

    /** The defaults: invalid ids are an error, masked ids are dropped, every expert is local. */
    public static IdOptions of(int numExperts) {
        return new IdOptions(numExperts, InvalidPolicy.ERROR, MaskedPolicy.DROP, null);
    }

    public IdOptions withInvalid(InvalidPolicy policy) {
        return new IdOptions(numExperts, policy, masked, expertMap);
    }

    public IdOptions withMasked(MaskedPolicy policy) {
        return new IdOptions(numExperts, invalid, policy, expertMap);
    }

    public IdOptions withExpertMap(@Nullable ExpertMap map) {
        return new IdOptions(numExperts, invalid, masked, map);
    }

    /** Number of bins that can receive ids: local experts under a local map, else E. */
    public int bins() {
        return expertMap != null && expertMap.form() == ExpertMap.Form.LOCAL ? expertMap.numLocalExperts() : numExperts;
    }
}

package io.sparkmoe.core.reorder;

import io.sparkmoe.core.routing.IdOptions;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Options of {@link ReorderBackend#topk}.
 *
 * @param numExperts E, elements of a row of logits, in [1, 65535]
 * @param topk experts a token chooses, in [1, E]; group-limited, at most the experts of topkGroup groups
 * @param renormalize divide the chosen weights by their sum + 1e-20
 * @param correctionBias E finite values added to the scores for the choice alone (DeepSeek-V3), or null
 * @param numExpertGroup groups of consecutive experts, dividing E; 1 for no limit by groups
 * @param topkGroup groups that stay, in [1, numExpertGroup]
 * @param routedScalingFactor finite; multiplies the weights last
 */
@SuppressWarnings("ArrayRecordComponent")
public record TopkOptions(
        int numExperts,
        int topk,
        Scoring scoring,
        boolean renormalize,
        float @Nullable [] correctionBias,
        int numExpertGroup,
        int topkGroup,
        float routedScalingFactor)
        implements TensorOptions {
    public TopkOptions {
        if (numExperts < 1 || numExperts > IdOptions.MAX_EXPERTS) {
            throw new IllegalArgumentException(
                    "num_experts must be in [1, " + IdOptions.MAX_EXPERTS + "], got " + numExperts);
        }
        Shapes.within("topk", topk, numExperts, "num_experts");
        Shapes.positive("num_expert_group", numExpertGroup);
        if (numExperts % numExpertGroup != 0) {
            throw new IllegalArgumentException(
                    "num_expert_group " + numExpertGroup + " does not divide num_experts " + numExperts);
        }
        Shapes.within("topk_group", topkGroup, numExpertGroup, "num_expert_group");
        int groupSize = numExperts / numExpertGroup;
        Shapes.within("topk", topk, topkGroup * groupSize, "the experts of topk_group groups");
        Shapes.finite("routed_scaling_factor", routedScalingFactor);
        correctionBias = correctionBias == null ? null : checkedBias(correctionBias, numExperts);
        if (correctionBias != null && numExpertGroup > 1 && groupSize < 2) {
            throw new IllegalArgumentException("num_expert_group " + numExpertGroup + " leaves one expert a group: with"
                    + " correction_bias a group's score is the sum of its two largest");
        }
    }

    /** Softmax over all experts, weights as they are. */
    public static TopkOptions of(int numExperts, int topk) {
        return new TopkOptions(numExperts, topk, Scoring.SOFTMAX, false, null, 1, 1, 1);
    }

    private static float[] checkedBias(float[] bias, int numExperts) {
        if (bias.length != numExperts) {
            throw new IllegalArgumentException("correction_bias has " + bias.length + " entries but num_experts is "
                    + numExperts + ": it needs one entry an expert");
        }
        for (int e = 0; e < numExperts; e++) {
            Shapes.finite("correction_bias[" + e + "]", bias[e]);
        }
        return bias.clone();
    }

    @Override
    public long maxResultBytes(long elements, long ids) {
        return 8 + elements / numExperts * topk * 8;
    }

    /** A copy, or null. */
    @Override
    public float @Nullable [] correctionBias() {
        return correctionBias == null ? null : correctionBias.clone();
    }

    @Override
    public boolean equals(@Nullable Object o) {
        return o instanceof TopkOptions t
                && numExperts == t.numExperts
                && topk == t.topk
                && scoring == t.scoring
                && renormalize == t.renormalize
                && Arrays.equals(correctionBias, t.correctionBias)
                && numExpertGroup == t.numExpertGroup
                && topkGroup == t.topkGroup
                && Float.compare(routedScalingFactor, t.routedScalingFactor) == 0;
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                numExperts,
                topk,
                scoring,
                renormalize,
                Arrays.hashCode(correctionBias),
                numExpertGroup,
                topkGroup,
                routedScalingFactor);
    }
}

package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import java.io.Serializable;
import java.util.List;

/**
 * How passes are replayed and measured.
 *
 * @param numExperts E
 * @param topk ids of a token
 * @param tokensPerPass the pass sizes N to replay, each at least 1
 * @param blockSizes the block sizes to pad to, each at least 1
 * @param invalid policy for ids outside [0, E)
 */
public record ReplayOptions(
        int numExperts, int topk, List<Integer> tokensPerPass, List<Integer> blockSizes, InvalidPolicy invalid)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    public ReplayOptions {
        IdOptions.of(numExperts);
        tokensPerPass = tokensPerPass.stream().distinct().sorted().toList();
        blockSizes = blockSizes.stream().distinct().sorted().toList();
        requirePositive("tokens_per_pass", tokensPerPass);
        requirePositive("block_sizes", blockSizes);
        if (topk < 1) {
            throw new IllegalArgumentException("topk must be at least 1, got " + topk);
        }
    }

    private static void requirePositive(String name, List<Integer> values) {
        if (values.isEmpty() || values.get(0) < 1) {
            throw new IllegalArgumentException(name + " must name at least one number, all at least 1, got " + values);
        }
    }
}

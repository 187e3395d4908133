package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.routing.IdOptions;
import java.io.Serializable;
import java.util.List;

/**
 * How passes are replayed and measured.
 *
 * @param numExperts E
 * @param topk ids of a token
 * @param tokensPerPass the pass sizes N to replay, each at least 1
 * @param blockSizes the block sizes to pad to, each at least 1
 * @param factors capacity factors to try; empty where drops are not asked for
 */
public record ReplayOptions(
        int numExperts, int topk, List<Integer> tokensPerPass, List<Integer> blockSizes, List<Double> factors)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    public ReplayOptions {
        IdOptions.of(numExperts);
        tokensPerPass = tokensPerPass.stream().distinct().sorted().toList();
        blockSizes = blockSizes.stream().distinct().sorted().toList();
        requirePositive("tokens_per_pass", tokensPerPass);
        requirePositive("block_sizes", blockSizes);
        factors = factors.stream().distinct().sorted().toList();
        if (topk < 1) {
            throw new IllegalArgumentException("topk must be at least 1, got " + topk);
        }
    }

    /** A replay that asks for padding alone. */
    public ReplayOptions(int numExperts, int topk, List<Integer> tokensPerPass, List<Integer> blockSizes) {
        this(numExperts, topk, tokensPerPass, blockSizes, List.of());
    }

    /** The same of a model that is known now. */
    public ReplayOptions of(int newNumExperts, int newTopk) {
        return new ReplayOptions(newNumExperts, newTopk, tokensPerPass, blockSizes, factors);
    }

    private static void requirePositive(String name, List<Integer> values) {
        if (values.isEmpty() || values.get(0) < 1) {
            throw new IllegalArgumentException(name + " must name at least one number, all at least 1, got " + values);
        }
    }
}

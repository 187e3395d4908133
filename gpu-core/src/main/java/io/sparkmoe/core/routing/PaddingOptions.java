package io.sparkmoe.core.routing;

import java.util.Arrays;

/**
 * Options of {@link RoutingBackend#padding}. Masked ids are left out.
 *
 * @param numExperts E, in [1, 65535]
 * @param blockSizes the block sizes to try, each at least 1
 * @param invalid policy for ids outside [0, E)
 */
@SuppressWarnings("ArrayRecordComponent") // equals, hashCode and the accessor treat it as a value
public record PaddingOptions(int numExperts, int[] blockSizes, InvalidPolicy invalid) implements RowOptions {
    public PaddingOptions {
        if (numExperts < 1 || numExperts > IdOptions.MAX_EXPERTS) {
            throw new IllegalArgumentException(
                    "num_experts must be in [1, " + IdOptions.MAX_EXPERTS + "], got " + numExperts);
        }
        if (blockSizes.length == 0) {
            throw new IllegalArgumentException("block_sizes is empty: give at least one");
        }
        for (int b : blockSizes) {
            if (b < 1) {
                throw new IllegalArgumentException(
                        "block_sizes must all be at least 1, got " + Arrays.toString(blockSizes));
            }
        }
        blockSizes = blockSizes.clone();
    }

    @Override
    public int[] blockSizes() {
        return blockSizes.clone();
    }

    /** The policies as the other operators take them. */
    public IdOptions ids() {
        return IdOptions.of(numExperts).withInvalid(invalid);
    }

    @Override
    public long maxResultBytes(long n) {
        return 20L * (blockSizes.length + 2L);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof PaddingOptions p
                && numExperts == p.numExperts
                && invalid == p.invalid
                && Arrays.equals(blockSizes, p.blockSizes);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * numExperts + invalid.hashCode()) + Arrays.hashCode(blockSizes);
    }

    @Override
    public String toString() {
        return "PaddingOptions[numExperts=" + numExperts + ", blockSizes=" + Arrays.toString(blockSizes) + ", invalid="
                + invalid + "]";
    }
}

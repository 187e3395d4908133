package io.sparkmoe.core.routing;

/**
 * Options of {@link RoutingBackend#expertCounts}. Masked ids are left out.
 *
 * @param numExperts E, in [1, 65535]
 * @param invalid policy for ids outside [0, E)
 */
public record CountsOptions(int numExperts, InvalidPolicy invalid) implements RowOptions {
    public CountsOptions {
        IdOptions.of(numExperts);
    }

    /** The policies as the other operators take them. */
    public IdOptions ids() {
        return IdOptions.of(numExperts).withInvalid(invalid);
    }

    @Override
    public long maxResultBytes(long n) {
        return 8L * numExperts + 4;
    }
}

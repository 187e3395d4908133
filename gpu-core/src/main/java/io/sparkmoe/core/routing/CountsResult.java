package io.sparkmoe.core.routing;

/**
 * Result of {@link RoutingBackend#expertCounts}.
 *
 * @param counts64 int64 lists of length E: ids of each expert
 */
public record CountsResult(ListBuffer counts64, IdCounts counts) implements AutoCloseable {
    @Override
    public void close() {
        counts64.close();
    }
}

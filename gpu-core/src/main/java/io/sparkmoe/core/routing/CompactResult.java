package io.sparkmoe.core.routing;

/**
 * Result of {@link RoutingBackend#alignCompact}: the stable order without padding, from which every block size follows.
 *
 * @param sortedIds int32 lists: flat indices by expert, ascending inside an expert
 * @param expertOffsets int32 lists of length bins + 1: where each expert's run starts
 */
public record CompactResult(ListBuffer sortedIds, ListBuffer expertOffsets, IdCounts counts) implements AutoCloseable {
    @Override
    public void close() {
        sortedIds.close();
        expertOffsets.close();
    }
}

package io.sparkmoe.core.routing;

/**
 * Result of {@link RoutingBackend#epPreprocess}, one list a segment and field; the exact contents depend on the form.
 *
 * @param reorderTopkIds int32: the ids in sorted order; under form vllm local numbers, then num_experts + id for the others
 * @param reorderIds int32: the flat (form kmajor: slot-major) index at each sorted position
 * @param src2dst int32 [n]: the sorted position of each flat (form kmajor: slot-major) index; in form padded the row
 *     e * m_max + rank. Ids that were left out have -1, in form deepep the masked ones -masked .. -1 in their order
 * @param segIndptr int64 [experts + 1] (form vllm: local experts + 1): where each expert's ids start in reorderTopkIds
 *     and reorderIds
 * @param maskedM int32 [experts] in form padded, else empty lists
 */
public record EpPreprocessResult(
        ListBuffer reorderTopkIds,
        ListBuffer reorderIds,
        ListBuffer src2dst,
        ListBuffer segIndptr,
        ListBuffer maskedM,
        IdCounts counts)
        implements AutoCloseable {
    @Override
    public void close() {
        reorderTopkIds.close();
        reorderIds.close();
        src2dst.close();
        segIndptr.close();
        maskedM.close();
    }
}

package io.sparkmoe.core.reorder;

import io.sparkmoe.core.routing.ListBuffer;

/**
 * Result of {@link ReorderBackend#topk}, one list of num_tokens * topk a segment and field, token-major.
 *
 * @param topkIds int32
 * @param topkWeights fp32 (elementBytes 4)
 */
public record TopkResult(ListBuffer topkIds, ListBuffer topkWeights) implements AutoCloseable {
    @Override
    public void close() {
        topkIds.close();
        topkWeights.close();
    }
}

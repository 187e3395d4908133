package io.sparkmoe.core.routing;

/**
 * Options of {@link RoutingBackend#batchedAlign}.
 *
 * @param maxTokensPerBatch M, rows reserved for a batch
 * @param blockSize B, at least 1
 */
public record BatchedAlignOptions(int maxTokensPerBatch, int blockSize) implements RowOptions {
    public BatchedAlignOptions {
        if (maxTokensPerBatch < 0) {
            throw new IllegalArgumentException("max_tokens_per_batch must not be negative, got " + maxTokensPerBatch);
        }
        if (blockSize < 1) {
            throw new IllegalArgumentException("block_size must be at least 1, got " + blockSize);
        }
    }

    @Override
    public long maxResultBytes(long numBatches) {
        long padded = numBatches * (maxTokensPerBatch + (blockSize - 1L));
        return 4 * (padded + padded / blockSize + 3);
    }
}

package io.sparkmoe.core.routing;

/**
 * Options of {@link RoutingBackend#align}.
 *
 * @param ids policies and number of experts; {@link MaskedPolicy#KEEP} is not allowed
 * @param blockSize B, at least 1: every expert's ids are padded to whole blocks of B
 */
public record AlignOptions(IdOptions ids, int blockSize) implements RowOptions {
    public AlignOptions {
        if (blockSize < 1) {
            throw new IllegalArgumentException("block_size must be at least 1, got " + blockSize);
        }
        if (ids.masked() == MaskedPolicy.KEEP) {
            throw new IllegalArgumentException(
                    "masked => 'keep' belongs to moe_ep_preprocess; align takes drop, bin or error");
        }
    }

    @Override
    public long maxResultBytes(long n) {
        long bins = Math.min(n, ids.bins() + (ids.masked() == MaskedPolicy.BIN ? 1L : 0L));
        long padded = n + bins * (blockSize - 1L);
        return 4 * (padded + padded / blockSize + 3);
    }
}

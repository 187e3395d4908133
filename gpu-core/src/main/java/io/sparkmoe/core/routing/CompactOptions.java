package io.sparkmoe.core.routing;

/**
 * Options of {@link RoutingBackend#alignCompact}.
 *
 * @param ids policies and number of experts; masked ids are dropped or an error, a map is read in its local form
 */
public record CompactOptions(IdOptions ids) implements RowOptions {
    public CompactOptions {
        if (ids.masked() == MaskedPolicy.KEEP || ids.masked() == MaskedPolicy.BIN) {
            throw new IllegalArgumentException("moe_align_compact takes masked => 'drop' or 'error'");
        }
        if (ids.expertMap() != null && ids.expertMap().form() != ExpertMap.Form.LOCAL) {
            throw new IllegalArgumentException("moe_align_compact reads expert_map in its local form");
        }
    }

    @Override
    public long maxResultBytes(long n) {
        return 4 * (n + ids.bins() + 3L);
    }
}

package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdOptions;
import org.jspecify.annotations.Nullable;

/**
 * Turns ids into keys, the small dense numbers that the operators count and sort by: every id gets one, the malformed
 * ones too, so that the counting loops need no checks.
 *
 * <p>Key 0: id below -1. Key 1: masked. Key 2 + b: bin b. Then one key for ids of E and more, and one for ids that a
 * local expert map leaves out.
 */
final class Keys {
    static final int BELOW = 0;
    static final int MASKED = 1;
    static final int FIRST_BIN = 2;

    final IdOptions options;
    final int bins;
    private final int @Nullable [] table;

    private Keys(IdOptions options, int bins, int @Nullable [] table) {
        this.options = options;
        this.bins = bins;
        this.table = table;
    }

    /** Bins are experts; under a local map, local expert numbers. */
    static Keys of(IdOptions options) {
        ExpertMap map = options.expertMap();
        if (map == null || map.form() == ExpertMap.Form.REMAP) {
            return new Keys(options, options.numExperts(), null);
        }
        int bins = map.numLocalExperts();
        return new Keys(options, bins, table(options.numExperts(), bins, map, false));
    }

    /** Bins are local expert numbers, then (from E on) E + id for the ids of other ranks: vLLM's sort keys. */
    static Keys localFirst(IdOptions options, ExpertMap map) {
        int experts = options.numExperts();
        return new Keys(options, 2 * experts, table(experts, 2 * experts, map, true));
    }

    private static int[] table(int experts, int bins, ExpertMap map, boolean keepNonLocal) {
        int[] table = new int[experts + 3];
        table[BELOW] = BELOW;
        table[MASKED] = MASKED;
        for (int e = 0; e < experts; e++) {
            int local = map.local(e);
            int elsewhere = FIRST_BIN + (keepNonLocal ? experts + e : bins + 1);
            table[FIRST_BIN + e] = local >= 0 ? FIRST_BIN + local : elsewhere;
        }
        table[FIRST_BIN + experts] = FIRST_BIN + bins;
        return table;
    }

    /** The key of ids of num_experts and more; the bins end before it. */
    int above() {
        return FIRST_BIN + bins;
    }

    /** The key of ids that a local map leaves out. */
    int nonLocal() {
        return FIRST_BIN + bins + 1;
    }

    /** Number of keys. */
    int size() {
        return bins + 4;
    }

    /** Rewrites ids as keys. */
    void toKeys(int[] ids, int count) {
        int experts = options.numExperts();
        for (int i = 0; i < count; i++) {
            ids[i] = Math.min(Math.max(ids[i], -2), experts) + 2;
        }
        int[] t = table;
        if (t != null) {
            for (int i = 0; i < count; i++) {
                ids[i] = t[ids[i]];
            }
        }
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.MaskedPolicy;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How ids become the keys that kernels count and sort by (keys.cuh), and what is written for a key.
 *
 * @param numExperts E
 * @param bins K, the bin of masked ids included
 * @param first 1 when masked ids have bin 0, else 0
 * @param table bin of an expert before {@code first} is added, -1 left out; null: its own number
 * @param keyValue what is written for a key; null: the key less {@code first}
 */
@SuppressWarnings("ArrayRecordComponent") // private to the package, never compared
record KeyPlan(int numExperts, int bins, int first, short @Nullable [] table, int @Nullable [] keyValue) {
    /** Most bins that the kernels take. */
    static final int MAX_BINS = 1025;

    /** Experts, or local experts, as they are. */
    static KeyPlan of(IdOptions options) {
        int first = options.masked() == MaskedPolicy.BIN || options.masked() == MaskedPolicy.KEEP ? 1 : 0;
        ExpertMap map = options.expertMap();
        int bins = options.bins() + first;
        if (map == null) {
            return new KeyPlan(options.numExperts(), bins, first, null, null);
        }
        if (map.form() == ExpertMap.Form.LOCAL) {
            return new KeyPlan(options.numExperts(), bins, first, shorts(map.toArray()), null);
        }
        int[] values = new int[bins];
        values[0] = -1;
        System.arraycopy(map.toArray(), 0, values, first, options.numExperts());
        return new KeyPlan(options.numExperts(), bins, first, null, values);
    }

    /**
     * The keys of expert-parallel preprocessing. With a map (form vllm) the experts of other ranks follow the local ones in
     * their order, and are written as num_experts + expert. Form deepep gives masked ids a bin, because it numbers them.
     */
    static KeyPlan of(EpPreprocessOptions options) {
        if (options.form() == EpForm.DEEPEP) {
            return new KeyPlan(options.ids().numExperts(), options.ids().numExperts() + 1, 1, null, null);
        }
        ExpertMap map = options.ids().expertMap();
        if (map == null) {
            return of(options.ids());
        }
        int experts = options.ids().numExperts();
        int[] table = new int[experts];
        int[] values = new int[experts];
        Arrays.setAll(values, key -> key);
        int next = map.numLocalExperts();
        for (int e = 0; e < experts; e++) {
            table[e] = map.local(e) >= 0 ? map.local(e) : next++;
            if (map.local(e) < 0) {
                values[table[e]] = experts + e;
            }
        }
        return new KeyPlan(experts, experts, 0, shorts(table), values);
    }

    /** What kernels look up: uint16 keys of -1, of every expert, and of any other value; null without a table. */
    short @Nullable [] keys() {
        short[] map = table;
        if (map == null) {
            return null;
        }
        short[] keys = new short[numExperts + 2];
        keys[0] = (short) (first == 1 ? 0 : bins + LeftOut.MASKED);
        for (int e = 0; e < numExperts; e++) {
            keys[e + 1] = (short) (map[e] < 0 ? bins + LeftOut.NON_LOCAL : map[e] + first);
        }
        keys[numExperts + 1] = (short) (bins + LeftOut.INVALID);
        return keys;
    }

    private static short[] shorts(int[] values) {
        short[] out = new short[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (short) values[i];
        }
        return out;
    }

    /** Whether some experts are surely left out. */
    boolean leavesOut() {
        short[] map = table;
        if (map != null) {
            for (short bin : map) {
                if (bin < 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether the kernels take so many bins; the CPU takes all. */
    boolean fits() {
        return bins <= MAX_BINS && numExperts <= MAX_BINS - 1;
    }
}

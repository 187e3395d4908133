package io.sparkmoe.core.routing;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Which experts live on this rank: {@code map[global expert] = local expert}, or -1 where the expert is elsewhere.
 *
 * <p>Semantics of vLLM's {@code expert_map}. The two forms differ in what a bin is.
 */
public final class ExpertMap implements Serializable {
    private static final long serialVersionUID = 1L;

    /** How align reads the map. */
    public enum Form {
        /** Ids are mapped first; ids of other ranks are dropped; bins are local expert numbers. */
        LOCAL,
        /** Bins are global experts and every id is padded; afterwards expert_ids[j] = map[bin], -1 for non-local. */
        REMAP
    }

    private final int[] map;
    private final Form form;
    private final int numLocalExperts;

    private ExpertMap(int[] map, Form form, int numLocalExperts) {
        this.map = map;
        this.form = form;
        this.numLocalExperts = numLocalExperts;
    }

    /**
     * Checks and copies a map.
     *
     * @param map num_experts entries, each -1 or a local expert number; local numbers are distinct and dense from 0
     * @throws IllegalArgumentException naming the first entry that breaks this
     */
    public static ExpertMap of(int[] map, Form form) {
        int local = 0;
        boolean[] seen = new boolean[map.length];
        for (int e = 0; e < map.length; e++) {
            int l = map[e];
            if (l < -1 || l >= map.length || (l >= 0 && seen[l])) {
                throw new IllegalArgumentException(String.format(
                        "expert_map[%d] = %d: an entry is -1 (not on this rank) or a local expert number in [0, %d) that no "
                                + "other entry has",
                        e, l, map.length));
            }
            if (l >= 0) {
                seen[l] = true;
                local++;
            }
        }
        for (int l = 0; l < local; l++) {
            if (!seen[l]) {
                throw new IllegalArgumentException("expert_map names " + local + " local experts but none is number "
                        + l + ": number them from 0");
            }
        }
        return new ExpertMap(map.clone(), form, local);
    }

    /** Number of entries; must equal num_experts. */
    public int size() {
        return map.length;
    }

    public int numLocalExperts() {
        return numLocalExperts;
    }

    public Form form() {
        return form;
    }

    /** The local number of a global expert in [0, size), or -1. */
    public int local(int expert) {
        return map[expert];
    }

    /** A copy of the entries. */
    public int[] toArray() {
        return map.clone();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof ExpertMap other && form == other.form && Arrays.equals(map, other.map);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(map) + form.hashCode();
    }
}

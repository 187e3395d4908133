package io.sparkmoe.spark.jobs.audit;

import java.io.Serializable;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** The findings of one source: tallies by reason, and which sets of layers its token blocks have. Merges by addition. */
final class SourceAudit implements Serializable {
    private static final long serialVersionUID = 1L;

    private final TreeMap<String, Tally> tallies = new TreeMap<>();
    private final HashMap<BitSet, Tally> layerSets = new HashMap<>();

    void add(String reason, long records, long tokens, long ids) {
        tallies.merge(reason, new Tally(records, tokens, ids), Tally::plus);
    }

    void addLayerSet(BitSet layers, Tally tally) {
        Tally known = layerSets.get(layers);
        layerSets.put(known == null ? (BitSet) layers.clone() : layers, known == null ? tally : known.plus(tally));
    }

    void addAll(SourceAudit o) {
        o.tallies.forEach((reason, t) -> tallies.merge(reason, t, Tally::plus));
        o.layerSets.forEach(this::addLayerSet);
    }

    Map<String, Tally> tallies() {
        return tallies;
    }

    /** Every layer that a block of this source has. */
    BitSet layers() {
        BitSet all = new BitSet();
        layerSets.keySet().forEach(all::or);
        return all;
    }

    /** The blocks that lack a layer of {@code expected}. */
    Tally missing(BitSet expected) {
        Tally sum = Tally.NONE;
        for (Map.Entry<BitSet, Tally> e : layerSets.entrySet()) {
            BitSet lacking = (BitSet) expected.clone();
            lacking.andNot(e.getKey());
            if (!lacking.isEmpty()) {
                sum = sum.plus(e.getValue());
            }
        }
        return sum;
    }
}

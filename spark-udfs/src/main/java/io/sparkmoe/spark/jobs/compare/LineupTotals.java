package io.sparkmoe.spark.jobs.compare;

import java.io.Serializable;
import java.util.BitSet;
import java.util.TreeMap;

/** What lining up found; merges by addition. */
final class LineupTotals implements Serializable {
    private static final long serialVersionUID = 1L;

    private final TreeMap<String, LeftOut> leftOut = new TreeMap<>();
    private final BitSet[] layers = {new BitSet(), new BitSet()};

    /** Rows with token ids, a side. */
    final long[] textRows = new long[2];

    /** Rows whose slots are not said to be ordered by score, a side. */
    final long[] unorderedRows = new long[2];

    void leftOut(String reason, long sequences, long tokens) {
        if (tokens > 0) {
            leftOut.merge(reason, new LeftOut(reason, sequences, tokens), LeftOut::plus);
        }
    }

    void layer(int side, int layer) {
        layers[side].set(layer);
    }

    TreeMap<String, LeftOut> leftOut() {
        return leftOut;
    }

    boolean has(String reason) {
        return leftOut.containsKey(reason);
    }

    /** Layers that both sides have. */
    BitSet commonLayers() {
        BitSet out = (BitSet) layers[0].clone();
        out.and(layers[1]);
        return out;
    }

    /** Whether both sides carry token ids somewhere. */
    boolean text() {
        return textRows[0] > 0 && textRows[1] > 0;
    }

    /** Whether the first slot holds the highest score on every row of both sides. */
    boolean ordered() {
        return unorderedRows[0] + unorderedRows[1] == 0;
    }

    LineupTotals plus(LineupTotals o) {
        o.leftOut.forEach((reason, l) -> leftOut.merge(reason, l, LeftOut::plus));
        for (int side = 0; side < 2; side++) {
            layers[side].or(o.layers[side]);
            textRows[side] += o.textRows[side];
            unorderedRows[side] += o.unorderedRows[side];
        }
        return this;
    }
}

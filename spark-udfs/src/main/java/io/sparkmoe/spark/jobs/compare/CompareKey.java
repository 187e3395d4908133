package io.sparkmoe.spark.jobs.compare;

import java.io.Serializable;

/**
 * What a comparison's sums are summed by: a layer, all layers together, or a sequence with other text.
 *
 * @param layer the layer, or {@link #NO_LAYER}
 * @param sequence the sequence, or ""
 */
record CompareKey(int layer, String sequence) implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int NO_LAYER = -1;

    /** Sums over tokens, whatever the layer: {@link TokenStates}. */
    static final CompareKey TOKENS = new CompareKey(NO_LAYER, "");

    /** Sums over the sequences with other text: sequences, tokens. */
    static final CompareKey OTHER_TEXT = new CompareKey(NO_LAYER, "*");

    static CompareKey layer(int layer) {
        return new CompareKey(layer, "");
    }

    /** A sequence's tokens with other text. A sequence's name is a JSON array, so it is none of the constants'. */
    static CompareKey sequence(String sequence) {
        return new CompareKey(NO_LAYER, sequence);
    }

    boolean isSequence() {
        return sequence.startsWith("[");
    }
}

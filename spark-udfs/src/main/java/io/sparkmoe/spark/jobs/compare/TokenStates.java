package io.sparkmoe.spark.jobs.compare;

import java.util.Arrays;

/** What is known of each token of one block of positions across its layers, and the sums over tokens. */
final class TokenStates {
    /** Positions of a block: block b covers [b * POSITIONS, (b + 1) * POSITIONS). */
    static final int POSITIONS = 1 << 16;

    private final short[] compared = new short[POSITIONS];
    private final short[] differing = new short[POSITIONS];
    private final boolean[] otherText = new boolean[POSITIONS];
    private final int layers;
    private int low = POSITIONS;
    private int high;
    private long tokens;
    private long tokensDiffering;
    private long differingLayers;

    /** @param layers layers at which a token must have been compared to count */
    TokenStates(int layers) {
        this.layers = layers;
    }

    /** Says that the tokens [from, to) of the block come next. */
    void touch(int from, int to) {
        low = Math.min(low, from);
        high = Math.max(high, to);
    }

    void compared(int token, boolean differs) {
        compared[token]++;
        differing[token] += (short) (differs ? 1 : 0);
    }

    void otherText(int token) {
        otherText[token] = true;
    }

    /** Ends the block; returns how many of its tokens had other text. */
    long endBlock() {
        long others = 0;
        for (int t = low; t < high; t++) {
            others += otherText[t] ? 1 : 0;
            if (compared[t] == layers) {
                tokens++;
                tokensDiffering += differing[t] > 0 ? 1 : 0;
                differingLayers += differing[t];
            }
        }
        if (low < high) {
            Arrays.fill(compared, low, high, (short) 0);
            Arrays.fill(differing, low, high, (short) 0);
            Arrays.fill(otherText, low, high, false);
        }
        low = POSITIONS;
        high = 0;
        return others;
    }

    /** Tokens compared at all layers, of these differing ones, and their differing layers. */
    long[] sums() {
        return new long[] {tokens, tokensDiffering, differingLayers};
    }
}

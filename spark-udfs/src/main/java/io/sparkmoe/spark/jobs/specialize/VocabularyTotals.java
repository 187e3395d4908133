package io.sparkmoe.spark.jobs.specialize;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/** Vocabulary specialization of one layer; whole numbers, which merge by addition. */
public final class VocabularyTotals implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Bins of the histogram, of 5 % each. */
    public static final int BINS = 20;

    static final int PAIRS = 4;
    static final int COUNTED = 0;
    static final int MASKED = 1;
    static final int UNORDERED = 2;
    static final int WITHOUT_TOKEN_ID = 3;

    /** Shares are summed as multiples of 2^-40, so that the sum does not depend on its order. */
    private static final double ONE = 0x1p40;

    private final long[] pairs = new long[PAIRS];
    private final long[] histogram = new long[BINS];
    private long tokenIds;
    private long rare;
    private long shares;

    /** Adds (token, layer) pairs: counted, masked, unordered, without token id. */
    void addPairs(int kind, long n) {
        pairs[kind] += n;
    }

    /** Adds a token id seen {@code seen} times, of these {@code top} at its most frequent expert. */
    void add(long seen, long top, int minimum) {
        if (seen < minimum) {
            rare++;
            return;
        }
        tokenIds++;
        shares += Math.round((double) top / seen * ONE);
        histogram[(int) Math.min(BINS - 1, BINS * top / seen)]++;
    }

    VocabularyTotals plus(VocabularyTotals o) {
        VocabularyTotals sum = new VocabularyTotals();
        for (VocabularyTotals t : new VocabularyTotals[] {this, o}) {
            for (int i = 0; i < PAIRS; i++) {
                sum.pairs[i] += t.pairs[i];
            }
            for (int i = 0; i < BINS; i++) {
                sum.histogram[i] += t.histogram[i];
            }
            sum.tokenIds += t.tokenIds;
            sum.rare += t.rare;
            sum.shares += t.shares;
        }
        return sum;
    }

    /** Distinct token ids seen often enough. */
    public long tokenIds() {
        return tokenIds;
    }

    /** Distinct token ids seen too seldom. */
    public long rareTokenIds() {
        return rare;
    }

    /** Token ids by the share of their most frequent expert. */
    public long[] histogram() {
        return histogram.clone();
    }

    /** Mean share of a token id's occurrences at its most frequent expert, to 2^-40; null without token ids. */
    public @Nullable Double mean() {
        return tokenIds == 0 ? null : (Double) (shares / ONE / tokenIds);
    }

    /** Tokens counted. */
    public long counted() {
        return pairs[COUNTED];
    }

    /** Tokens left out because their first choice is masked. */
    public long masked() {
        return pairs[MASKED];
    }

    /** Tokens left out because neither slot order nor weights tell their first choice. */
    public long unordered() {
        return pairs[UNORDERED];
    }

    /** Tokens left out because their token id is not recorded. */
    public long withoutTokenId() {
        return pairs[WITHOUT_TOKEN_ID];
    }
}

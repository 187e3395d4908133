package io.sparkmoe.core.metrics;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Which experts serve which domains and which words; null where the denominator is 0. */
public final class Specialization {
    /** OLMoE leaves out ids seen less often. */
    public static final int MIN_OCCURRENCES = 10;

    private long ids;
    private double shares;

    /** Starts a mean over a vocabulary. */
    public Specialization() {}

    /** Share of an expert's activations that come from a domain, N_iD / N_i. */
    public static @Nullable Double ofExpert(long expertInDomain, long idsOfExpert) {
        return idsOfExpert == 0 ? null : (Double) ((double) expertInDomain / idsOfExpert);
    }

    /** Share of a domain's tokens that go to an expert, N_iD / N_D; k / E where routing knows no domains. */
    public static @Nullable Double ofDomain(long expertInDomain, long tokensOfDomain) {
        return tokensOfDomain == 0 ? null : (Double) ((double) expertInDomain / tokensOfDomain);
    }

    /**
     * Adds a token id of the vocabulary, unless it was seen less than {@link #MIN_OCCURRENCES} times.
     *
     * @param counts [E]: how often its first slot held each expert
     */
    public void add(long[] counts) {
        long seen = Arrays.stream(counts).sum();
        if (seen >= MIN_OCCURRENCES) {
            ids++;
            shares += (double) Arrays.stream(counts).max().orElseThrow() / seen;
        }
    }

    /** Token ids that took part. */
    public long ids() {
        return ids;
    }

    /** Vocabulary specialization: the mean share of a token id's occurrences that go to its most frequent expert. */
    public @Nullable Double mean() {
        return ids == 0 ? null : (Double) (shares / ids);
    }
}

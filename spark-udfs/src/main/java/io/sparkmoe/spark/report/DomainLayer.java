package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.AnalysisModel.Domain;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One layer's domains: all together, and those that the page shows. */
final class DomainLayer {
    private final int layer;
    private final long[] counts;
    private final @Nullable Domain[] shown = new Domain[DomainFigures.MAX_DOMAINS];
    private long tokens;

    DomainLayer(int layer, int experts) {
        this.layer = layer;
        counts = new long[experts];
    }

    int layer() {
        return layer;
    }

    /** Tokens of all domains. */
    long tokens() {
        return tokens;
    }

    /** Tokens of all domains that name the expert. */
    long count(int expert) {
        return counts[expert];
    }

    void addTo(Domain domain) {
        if (domain.counts().length != counts.length) {
            throw new IllegalArgumentException("domain " + Text.visible(domain.domain(), 60) + " has "
                    + domain.counts().length + " counts at layer " + layer + ", expected one for each of the model's "
                    + counts.length + " experts");
        }
        Arrays.setAll(counts, e -> counts[e] + domain.counts()[e]);
        tokens += domain.tokens();
    }

    /** @param index place among the domains that the page shows, or -1 */
    void keep(Domain domain, int index) {
        if (index >= 0) {
            shown[index] = domain;
        }
    }

    /** How far the domains that the page shows are from all together: mean over them of half the sum of |differences|. */
    double distance() {
        double sum = 0;
        int domains = 0;
        double all = Arrays.stream(counts).asDoubleStream().sum();
        for (Domain domain : shown) {
            if (domain != null) {
                double own = Math.max(
                        1, Arrays.stream(domain.counts()).asDoubleStream().sum());
                sum += IntStream.range(0, counts.length)
                                .mapToDouble(e -> Math.abs(domain.counts()[e] / own - counts[e] / Math.max(1, all)))
                                .sum()
                        / 2;
                domains++;
            }
        }
        return domains == 0 ? 0 : sum / domains;
    }

    /** Experts by the domain that prefers them most, in the page's order of domains, and by falling preference. */
    int[] byDomain() {
        int[] favourite = new int[counts.length];
        double[] preference = new double[counts.length];
        for (int e = 0; e < counts.length; e++) {
            for (int d = 0; d < shown.length; d++) {
                Domain domain = shown[d];
                if (domain != null) {
                    double expected = (double) domain.tokens() / tokens * counts[e];
                    double ratio = (domain.counts()[e] + 1.0) / (expected + 1);
                    if (ratio > preference[e]) {
                        preference[e] = ratio;
                        favourite[e] = d;
                    }
                }
            }
        }
        return IntStream.range(0, counts.length)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(e -> favourite[e])
                        .thenComparing(Comparator.<Integer>comparingDouble(e -> preference[e])
                                .reversed())
                        .thenComparingInt(e -> e))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /**
     * Cells of the map: a row for all domains together and one for each shown; a cell is the mean over the bin's experts of
     * the share of the row's tokens that name the expert, over k / E.
     */
    byte[] cells(int[] order, int maxBins, int domains, double even) {
        int bins = Math.min(maxBins, counts.length);
        byte[] cells = new byte[(domains + 1) * bins];
        row(counts, tokens, order, bins, even, cells, 0);
        for (int d = 0; d < domains; d++) {
            Domain domain = shown[d];
            if (domain != null) {
                row(domain.counts(), domain.tokens(), order, bins, even, cells, d + 1);
            }
        }
        return cells;
    }

    private static void row(long[] counts, long tokens, int[] order, int bins, double even, byte[] cells, int row) {
        for (int bin = 0; bin < bins; bin++) {
            int from = (int) ceil((long) bin * order.length, bins);
            int to = (int) ceil((bin + 1L) * order.length, bins);
            double sum = 0;
            for (int at = from; at < to; at++) {
                sum += counts[order[at]];
            }
            cells[row * bins + bin] = PackedCells.of(sum / (to - from) / tokens / even);
        }
    }

    private static long ceil(long numerator, long denominator) {
        return (numerator + denominator - 1) / denominator;
    }
}

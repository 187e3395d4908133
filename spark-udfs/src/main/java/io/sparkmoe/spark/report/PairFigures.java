package io.sparkmoe.spark.report;

import io.sparkmoe.core.metrics.CoactivationMetrics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;

/**
 * One layer's pairs of experts in figures.
 *
 * @param tokens tokens with a known id
 * @param idsOfPairs tokens that name both, summed over pairs of different experts
 * @param excessShare share of the pairs that would have to fall on other experts, were experts chosen independently of
 *     each other: half the sum over pairs of |observed share - share by the experts' loads|
 * @param strongest pairs by falling lift, at most {@value #TOP_PAIRS}, of at least {@value #MIN_TOKENS} tokens and no
 *     fewer than the mean pair has: rare experts' pairs reach any lift by chance
 */
record PairFigures(int layer, long tokens, long idsOfPairs, double excessShare, List<Pair> strongest) {
    static final int TOP_PAIRS = 5;
    static final int MIN_TOKENS = 10;

    private static final Comparator<Pair> STRONGEST_FIRST = Comparator.comparingDouble(Pair::lift)
            .reversed()
            .thenComparingInt(Pair::layer)
            .thenComparingInt(Pair::expert)
            .thenComparingInt(Pair::withExpert);

    /**
     * Two experts of a layer, the lower first.
     *
     * @param tokenCount tokens that name both
     * @param shareOfExpert of the tokens that name the first, the share that names the second too
     * @param shareOfOther the other way around
     */
    record Pair(
            int layer,
            int expert,
            int withExpert,
            long tokenCount,
            double shareOfExpert,
            double shareOfOther,
            double lift) {}

    static PairFigures of(AnalysisModel.Coactivation layer, int experts) {
        long[] counts = layer.tokenCounts();
        if (counts.length != (long) experts * experts) {
            throw new IllegalArgumentException("co-activation of layer " + layer.layer() + " has " + counts.length
                    + " counts, expected " + experts + " * " + experts + " of the model's experts");
        }
        double all = 0;
        double expectedOfAll = 0;
        for (int i = 0; i < experts; i++) {
            for (int j = i + 1; j < experts; j++) {
                all += counts[i * experts + j];
                expectedOfAll += (double) counts[i * experts + i] * counts[j * experts + j];
            }
        }
        double enough = Math.max(MIN_TOKENS, all / (experts * (experts - 1.0) / 2));
        double apart = 0;
        PriorityQueue<Pair> strongest = new PriorityQueue<>(STRONGEST_FIRST.reversed());
        for (int i = 0; i < experts && all > 0; i++) {
            for (int j = i + 1; j < experts; j++) {
                long both = counts[i * experts + j];
                double product = (double) counts[i * experts + i] * counts[j * experts + j];
                apart += Math.abs(both / all - product / expectedOfAll);
                if (both >= enough) {
                    offer(layer, experts, i, j, strongest);
                }
            }
        }
        return new PairFigures(layer.layer(), layer.tokens(), (long) all, apart / 2, sorted(strongest));
    }

    /** The strongest pairs of all layers. */
    static List<Pair> strongest(List<PairFigures> layers, int limit) {
        return layers.stream()
                .flatMap(layer -> layer.strongest().stream())
                .sorted(STRONGEST_FIRST)
                .limit(limit)
                .toList();
    }

    private static void offer(
            AnalysisModel.Coactivation layer, int experts, int i, int j, PriorityQueue<Pair> strongest) {
        long both = layer.tokenCounts()[i * experts + j];
        long ofI = layer.tokenCounts()[i * experts + i];
        long ofJ = layer.tokenCounts()[j * experts + j];
        double lift = Objects.requireNonNull(CoactivationMetrics.lift(both, ofI, ofJ, layer.tokens()));
        Pair weakest = strongest.size() < TOP_PAIRS ? null : strongest.peek();
        if (weakest == null || lift >= weakest.lift()) {
            strongest.add(new Pair(layer.layer(), i, j, both, (double) both / ofI, (double) both / ofJ, lift));
            if (strongest.size() > TOP_PAIRS) {
                strongest.remove();
            }
        }
    }

    private static List<Pair> sorted(PriorityQueue<Pair> strongest) {
        List<Pair> pairs = new ArrayList<>(strongest);
        pairs.sort(STRONGEST_FIRST);
        return List.copyOf(pairs);
    }
}

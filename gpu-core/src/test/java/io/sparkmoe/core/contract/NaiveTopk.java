package io.sparkmoe.core.contract;

import io.sparkmoe.core.reorder.Scoring;
import io.sparkmoe.core.reorder.TopkOptions;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The definition of top-k over one token's logits. */
final class NaiveTopk {
    final int[] ids;
    final float[] weights;

    private final float[] logits;
    private final TopkOptions options;
    private final float[] scores;

    NaiveTopk(float[] logits, TopkOptions options) {
        this.logits = logits;
        this.options = options;
        scores = scores(logits, options.scoring());
        float[] choice = choice();
        ids = best(choice, IntStream.range(0, logits.length).filter(staying(choice)::contains), options.topk());
        weights = weights();
    }

    private static float[] scores(float[] logits, Scoring scoring) {
        float[] scores = new float[logits.length];
        double largest = IntStream.range(0, logits.length)
                .mapToDouble(e -> logits[e])
                .reduce(Double.NEGATIVE_INFINITY, Math::max);
        double sum = IntStream.range(0, logits.length)
                .mapToDouble(e -> Math.exp(logits[e] - largest))
                .sum();
        for (int e = 0; e < scores.length; e++) {
            scores[e] = (float)
                    (scoring == Scoring.SIGMOID ? 1 / (1 + Math.exp(-logits[e])) : Math.exp(logits[e] - largest) / sum);
        }
        return scores;
    }

    private float[] choice() {
        float[] bias = options.correctionBias();
        if (bias == null) {
            return logits;
        }
        float[] choice = new float[bias.length];
        for (int e = 0; e < bias.length; e++) {
            choice[e] = scores[e] + bias[e];
        }
        return choice;
    }

    /** Positions of the k largest: by value, NaN first, -0 as +0, then by position (the sort is stable). */
    private static int[] best(float[] values, IntStream positions, int k) {
        float[] negated = new float[values.length];
        for (int e = 0; e < negated.length; e++) {
            // Float.compare puts NaN last: as the largest value it is to come first.
            negated[e] = Float.isNaN(values[e]) ? Float.NEGATIVE_INFINITY : -values[e] + 0f;
        }
        Comparator<Integer> nanFirst = Comparator.comparing(e -> !Float.isNaN(values[e]));
        return positions
                .boxed()
                .sorted(nanFirst.thenComparing((a, b) -> Float.compare(negated[a], negated[b])))
                .limit(k)
                .mapToInt(e -> e)
                .toArray();
    }

    private Set<Integer> staying(float[] choice) {
        int groups = options.numExpertGroup();
        int size = choice.length / groups;
        float[] groupScores = new float[groups];
        for (int g = 0; g < groups; g++) {
            int[] two = best(choice, IntStream.range(g * size, (g + 1) * size), 2);
            groupScores[g] = options.correctionBias() == null || two.length == 1
                    ? choice[two[0]]
                    : choice[two[0]] + choice[two[1]];
        }
        int[] kept = best(groupScores, IntStream.range(0, groups), options.topkGroup());
        return IntStream.of(kept)
                .flatMap(g -> IntStream.range(g * size, (g + 1) * size))
                .boxed()
                .collect(Collectors.toSet());
    }

    private float[] weights() {
        double sum = IntStream.of(ids).mapToDouble(e -> scores[e]).sum() + 1e-20;
        float[] out = new float[ids.length];
        for (int k = 0; k < out.length; k++) {
            double weight = options.renormalize() ? scores[ids[k]] / sum : scores[ids[k]];
            out[k] = (float) (weight * options.routedScalingFactor());
        }
        return out;
    }
}

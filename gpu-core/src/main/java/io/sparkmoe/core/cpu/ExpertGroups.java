package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.TopkOptions;

/** Group-limited choice: which groups of consecutive experts a token chooses from. */
final class ExpertGroups {
    private final int groups;
    private final int size;
    private final boolean sumOfTwo;
    private final float[] scores;
    private final boolean[] stays;
    private final Largest best;
    private final int kept;

    /**
     * @param biased a group's score is the sum of its two largest, else its largest
     */
    ExpertGroups(TopkOptions options, boolean biased) {
        groups = options.numExpertGroup();
        size = options.numExperts() / groups;
        kept = options.topkGroup();
        sumOfTwo = biased;
        scores = new float[groups];
        stays = new boolean[groups];
        best = new Largest(kept, groups);
    }

    /** Experts a group. */
    int size() {
        return size;
    }

    void choose(float[] values) {
        for (int g = 0; g < groups; g++) {
            stays[g] = kept == groups;
        }
        if (kept == groups) {
            return;
        }
        for (int g = 0; g < groups; g++) {
            scores[g] = score(values, g * size);
        }
        best.clear();
        best.offer(scores, 0, groups);
        best.sort();
        for (int r = 0; r < kept; r++) {
            stays[best.id(r)] = true;
        }
    }

    private float score(float[] values, int from) {
        float first = Float.NEGATIVE_INFINITY;
        float second = Float.NEGATIVE_INFINITY;
        for (int e = from; e < from + size; e++) {
            if (Float.compare(values[e], first) > 0) {
                second = first;
                first = values[e];
            } else if (Float.compare(values[e], second) > 0) {
                second = values[e];
            }
        }
        return sumOfTwo ? first + second : first;
    }

    boolean stays(int group) {
        return stays[group];
    }
}

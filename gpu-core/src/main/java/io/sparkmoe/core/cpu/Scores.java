package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Scoring;

/** From the logits of one token to scores: in double, rounded to fp32 once. */
final class Scores {
    private final Scoring scoring;
    private double largest;
    private double sum;

    Scores(Scoring scoring) {
        this.scoring = scoring;
    }

    /** Turns to another token. NaN among the logits, or an infinite largest one, makes every softmax score NaN. */
    void use(float[] logits, int experts) {
        if (scoring == Scoring.SIGMOID) {
            return;
        }
        float max = Float.NEGATIVE_INFINITY;
        for (int e = 0; e < experts; e++) {
            max = Math.max(max, logits[e]);
        }
        largest = max;
        sum = 0;
        for (int e = 0; e < experts; e++) {
            sum += Math.exp(logits[e] - largest);
        }
    }

    float score(float logit) {
        return (float)
                (scoring == Scoring.SIGMOID ? 1 / (1 + Math.exp(-(double) logit)) : Math.exp(logit - largest) / sum);
    }
}

package io.sparkmoe.core.reorder;

/** From router logits to scores, fp32. */
public enum Scoring {
    /** exp(x - max) / sum over the experts. */
    SOFTMAX,
    /** 1 / (1 + exp(-x)). */
    SIGMOID
}

package io.sparkmoe.core.reorder;

/** Which scale divides a row of pre_reorder; scales are fp32, positive and finite. */
public enum ScaleMode {
    /** None. */
    NONE,
    /** a1_scales[id - start_expert]. */
    PER_EXPERT,
    /** a1_scales[token]. */
    PER_TOKEN,
    /** a1_scales[0]. */
    SCALAR
}

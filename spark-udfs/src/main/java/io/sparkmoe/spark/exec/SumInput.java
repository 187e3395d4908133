package io.sparkmoe.spark.exec;

/** What a data column of an aggregate holds. */
public enum SumInput {
    /** Expert ids of tokens: a list, a list of lists, or packed. */
    IDS,
    /** Layer numbers of a token block, a list of integers. */
    LAYERS,
    /** The ids of a token block at each of its layers: a list of lists of the same length. */
    LAYERED_IDS,
    /** One weight an id, a list of float or double. */
    WEIGHTS
}

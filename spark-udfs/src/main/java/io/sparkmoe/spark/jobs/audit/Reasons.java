package io.sparkmoe.spark.jobs.audit;

/** Reasons of audit lines, beside the reader's own for records that it could not use. */
public final class Reasons {
    /** Everything that came out of the reader: rows of the trace table and marked records. */
    public static final String READ = "read";
    /** Rows that the analyses count. */
    public static final String USED = "used";
    /** Records put aside as unusable, and rows whose list does not fit num_tokens * topk. */
    public static final String QUARANTINED = "quarantined";
    /** Ids that are -1 or NULL: the route is not known. */
    public static final String MASKED = "masked";
    /** Ids below -1 or not below num_experts. */
    public static final String OUT_OF_RANGE = "out_of_range";
    /** Tokens that name an expert more than once; ids = the repetitions. */
    public static final String DUPLICATE_IDS = "duplicate_ids";
    /** Rows in which every id is 0 while topk is at least 2: a dense layer, or nothing was recorded. */
    public static final String ALL_ZERO_LAYER = "all_zero_layer";
    /** Stretches of 8 or more consecutive tokens with identical ids in all layers; records = stretches. */
    public static final String STALE_PADDING = "stale_padding";
    /** Rows of token blocks that lack a layer which other blocks have. */
    public static final String LAYERS_MISSING = "layers_missing";
    /** Rows of token blocks whose layers differ in num_tokens or repeat. */
    public static final String LAYERS_UNEQUAL = "layers_unequal";
    /** Rows whose list is not num_tokens * topk long; not used. */
    public static final String LENGTH_MISMATCH = "length_mismatch";
    /** Tokens whose routing an earlier request had computed. */
    public static final String CACHED = "cached";

    private Reasons() {}
}

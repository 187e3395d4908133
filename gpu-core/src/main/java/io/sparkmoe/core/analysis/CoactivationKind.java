package io.sparkmoe.core.analysis;

/** What a cell (i, j) of co-activation counts; every kind is symmetric. The first two are equal where ids are distinct. */
public enum CoactivationKind {
    /** Tokens that name both i and j; the diagonal is the tokens that name i. */
    TOKENS,
    /** Ordered pairs of slots of one token, a slot with itself included, that hold i and j. */
    PAIRS,
    /**
     * OLMoE's: pairs of neighbouring slots that hold i and j, counted both ways (so twice where i = j). It reads the slot
     * order: meaningful where slots are ordered by score.
     */
    ADJACENT
}

package io.sparkmoe.spark.jobs.specialize;

import java.io.Serializable;

/**
 * What vocabulary specialization counts.
 *
 * @param minimum how often a token id must be seen at a layer to take part
 * @param cells (layer, token id, expert) counts that a task holds before it emits them
 */
public record VocabularyOptions(int numExperts, int topk, int minimum, int cells) implements Serializable {
    private static final long serialVersionUID = 1L;

    /** A table of 25 MB a task. */
    public static final int DEFAULT_CELLS = 1 << 20;
}

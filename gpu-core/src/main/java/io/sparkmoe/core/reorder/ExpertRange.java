package io.sparkmoe.core.reorder;

import java.io.Serializable;

/**
 * The experts that count as local, both ends inclusive as in SGLang's kernels; an id outside is not selected.
 *
 * @param start first expert, at least 0
 * @param end last expert; start - 1 says none
 */
public record ExpertRange(int start, int end) implements Serializable {
    /** Every id that is not masked. */
    public static final ExpertRange ALL = new ExpertRange(0, Integer.MAX_VALUE);

    public ExpertRange {
        if (start < 0 || end < start - 1) {
            throw new IllegalArgumentException("start_expert " + start + " and end_expert " + end
                    + " are no range: start_expert is at least 0, end_expert (inclusive) at least start_expert, or"
                    + " start_expert - 1 for no expert at all");
        }
    }

    /** Whether ids of this expert are selected; masked ids (-1) never are. */
    public boolean contains(int id) {
        return id >= start && id <= end;
    }

    /** Number of experts, or -1 where the range has no upper end. */
    public int experts() {
        return end == Integer.MAX_VALUE ? -1 : end - start + 1;
    }
}

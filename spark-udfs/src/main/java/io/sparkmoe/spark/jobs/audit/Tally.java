package io.sparkmoe.spark.jobs.audit;

import java.io.Serializable;

/**
 * What one audit line counts.
 *
 * @param records rows of the trace table (a record that cannot be used is one row)
 * @param tokens tokens of these rows that the reason holds for, summed over layers
 * @param ids ids that the reason holds for
 */
public record Tally(long records, long tokens, long ids) implements Serializable {
    private static final long serialVersionUID = 1L;

    public static final Tally NONE = new Tally(0, 0, 0);

    Tally plus(Tally o) {
        return new Tally(records + o.records, tokens + o.tokens, ids + o.ids);
    }
}

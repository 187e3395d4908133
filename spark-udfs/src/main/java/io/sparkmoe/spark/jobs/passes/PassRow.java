package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.spark.jobs.rows.IdColumn;
import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;

/** Reads ids of rows whose list must be num_tokens * topk long. */
final class PassRow implements Serializable {
    private static final long serialVersionUID = 1L;

    private final IdColumn column;
    private final ReplayOptions options;
    private long row;

    PassRow(IdColumn column, ReplayOptions options) {
        this.column = column;
        this.options = options;
    }

    /** The id codes of a row of {@code tokens} tokens. */
    short[] codes(InternalRow values, int ordinal, int tokens) {
        int n = column.read(values, ordinal, row);
        if (n != (long) tokens * options.topk()) {
            throw new MalformedRoutingException(
                    row,
                    -1,
                    String.format(
                            "row %d: topk_ids has %d ids but num_tokens %d * topk %d is %d. Check topk, or put such rows "
                                    + "aside with --on-bad-rows quarantine.",
                            row, n, tokens, options.topk(), (long) tokens * options.topk()));
        }
        return IdCodes.of(column.ids(), n, options.numExperts(), options.invalid(), row++);
    }
}

package io.sparkmoe.spark.jobs.compare;

import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.spark.jobs.rows.IdColumn;
import io.sparkmoe.spark.jobs.rows.TokenIds;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.jspecify.annotations.Nullable;

/** Reads rows of {@link RoutingComparison#plan}. One a task. */
final class PairRow {
    /**
     * The tokens of one row that lie in its block.
     *
     * @param first position of the row's first token, in the block or before it
     * @param from first position in the block
     * @param to end of the positions in the block
     * @param ids topk ids a token, from {@code first} on
     * @param tokenIds from {@code first} on, or null
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Run(int first, int from, int to, int[] ids, int @Nullable [] tokenIds) {}

    private final CompareOptions options;
    private final IdColumn column = IdColumn.of(DataTypes.BinaryType);
    private long number;

    PairRow(CompareOptions options) {
        this.options = options;
    }

    /** Reads one row. */
    Run read(InternalRow row) {
        int first = row.getInt(4);
        int tokens = row.getInt(5);
        long start = row.getLong(1) * TokenStates.POSITIONS;
        int[] ids = ids(row, tokens);
        int[] text = row.isNullAt(7) ? null : TokenIds.of(row.getArray(7));
        if (text != null && text.length != tokens) {
            throw refused("token_ids has " + text.length + " entries but num_tokens is " + tokens);
        }
        number++;
        return new Run(
                first,
                (int) Math.max(first, start),
                (int) Math.min(first + (long) tokens, start + TokenStates.POSITIONS),
                ids,
                text);
    }

    private int[] ids(InternalRow row, int tokens) {
        int n = column.read(row, 6, number);
        if (n != (long) tokens * options.topk()) {
            throw refused(String.format(
                    "topk_ids has %d ids but num_tokens %d * topk %d is %d",
                    n, tokens, options.topk(), (long) tokens * options.topk()));
        }
        int[] ids = column.copyOf(n);
        for (int i = 0; i < n; i++) {
            if (ids[i] < -1 || ids[i] >= options.numExperts()) {
                throw MalformedRoutingException.expertId(number, i, ids[i], options.numExperts());
            }
        }
        return ids;
    }

    private MalformedRoutingException refused(String what) {
        return new MalformedRoutingException(
                number,
                -1,
                "row " + number + ": " + what + ". Correct it, or put such rows aside with --on-bad-rows quarantine.");
    }
}

package io.sparkmoe.spark.jobs.specialize;

import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.spark.jobs.rows.IdColumn;
import io.sparkmoe.spark.jobs.rows.TokenIds;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.jspecify.annotations.Nullable;

/** The first choice of each token of one row: its first slot where slots are ordered by score, else its heaviest. */
final class VocabularyRow {
    /** No order and no weight tells which slot is the first. */
    static final int UNORDERED = -2;

    private final VocabularyOptions options;
    private final IdColumn column;
    private long number;
    private int tokens;
    private boolean ordered;
    private int @Nullable [] tokenIds;
    private @Nullable ArrayData weights;

    VocabularyRow(VocabularyOptions options, IdColumn column) {
        this.options = options;
        this.column = column;
    }

    /** Reads a row of {@link Vocabulary#plan}. */
    void read(InternalRow row) {
        tokens = row.getInt(1);
        int n = column.read(row, 2, number);
        if (n != (long) tokens * options.topk()) {
            throw refused(String.format(
                    "topk_ids has %d ids but num_tokens %d * topk %d is %d",
                    n, tokens, options.topk(), (long) tokens * options.topk()));
        }
        tokenIds = row.isNullAt(3) ? null : TokenIds.of(row.getArray(3));
        if (tokenIds != null && tokenIds.length != tokens) {
            throw refused("token_ids has " + tokenIds.length + " entries but num_tokens is " + tokens);
        }
        ordered = row.getBoolean(4);
        weights = row.isNullAt(5) ? null : row.getArray(5);
        if (weights != null && weights.numElements() != n) {
            throw refused("topk_weights has " + weights.numElements() + " entries but topk_ids has " + n);
        }
        number++;
    }

    private MalformedRoutingException refused(String what) {
        return new MalformedRoutingException(
                number,
                -1,
                "row " + number + ": " + what + ". Correct it, or put such rows aside with --on-bad-rows quarantine.");
    }

    int tokens() {
        return tokens;
    }

    /** The token id, or {@link TokenIds#UNKNOWN}. */
    int tokenId(int token) {
        return tokenIds == null ? TokenIds.UNKNOWN : tokenIds[token];
    }

    /** The token's first choice: an expert, -1 where it is masked, or {@link #UNORDERED}. */
    int expert(int token) {
        int slot = token * options.topk();
        int first = ordered ? slot : heaviest(slot);
        if (first < 0) {
            return UNORDERED;
        }
        int expert = column.ids()[first];
        if (expert < -1 || expert >= options.numExperts()) {
            throw MalformedRoutingException.expertId(number - 1, first, expert, options.numExperts());
        }
        return expert;
    }

    /** Of equal weights the earlier slot; -1 where the row has none. */
    private int heaviest(int from) {
        int best = -1;
        float heaviest = 0;
        for (int i = from; weights != null && i < from + options.topk(); i++) {
            float weight = weights.isNullAt(i) ? Float.NaN : weights.getFloat(i);
            if (weight > heaviest || (best < 0 && !Float.isNaN(weight))) {
                best = i;
                heaviest = weight;
            }
        }
        return best;
    }
}

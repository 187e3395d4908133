package io.sparkmoe.spark.jobs.compare;

import io.sparkmoe.spark.jobs.compare.PairRow.Run;
import io.sparkmoe.spark.jobs.rows.TokenIds;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * Walks both sides' rows by (sequence, block, layer, first position) and compares what overlaps, however either side cut
 * its rows. Rows of one side and layer do not overlap, so of each side only the latest row can reach into those that come.
 */
final class PairWalk {
    private final CompareOptions options;
    private final PairSink sink;
    private final PairRow reader;
    private final TokenSets sets;
    private final TokenStates states;
    private final Map<String, Long> otherText = new LinkedHashMap<>();
    private final @Nullable Run[] open = new Run[2];
    private @Nullable UTF8String sequence;
    private long block;
    private int layer;

    PairWalk(CompareOptions options, int layers, PairSink sink) {
        this.options = options;
        this.sink = sink;
        this.reader = new PairRow(options);
        this.sets = new TokenSets(options.numExperts());
        this.states = new TokenStates(layers);
    }

    void row(InternalRow row) {
        boolean sameBlock = sequence != null && block == row.getLong(1) && sequence.equals(row.getUTF8String(0));
        if (!sameBlock) {
            endBlock();
            sequence = row.getUTF8String(0).copy();
            block = row.getLong(1);
        }
        if (!sameBlock || layer != row.getInt(2)) {
            layer = row.getInt(2);
            open[0] = null;
            open[1] = null;
        }
        open[row.getBoolean(3) ? 1 : 0] = reader.read(row);
        if (open[0] != null && open[1] != null) {
            overlap(open[0], open[1]);
        }
    }

    /** Compares the positions that both rows have, in stretches of equal text. */
    private void overlap(Run left, Run right) {
        int from = Math.max(left.from(), right.from());
        int to = Math.min(left.to(), right.to());
        if (from >= to) {
            return;
        }
        int base = (int) (block * TokenStates.POSITIONS);
        states.touch(from - base, to - base);
        for (int at = from; at < to; ) {
            int stop = at;
            while (stop < to && sameText(left, right, stop)) {
                stop++;
            }
            compare(left, right, at, stop);
            for (at = stop; at < to && !sameText(left, right, at); at++) {
                states.otherText(at - base);
            }
        }
    }

    /** Also true where either side does not know the token. */
    private static boolean sameText(Run left, Run right, int position) {
        if (left.tokenIds() == null || right.tokenIds() == null) {
            return true;
        }
        int a = left.tokenIds()[position - left.first()];
        int b = right.tokenIds()[position - right.first()];
        return a == b || a == TokenIds.UNKNOWN || b == TokenIds.UNKNOWN;
    }

    private void compare(Run left, Run right, int from, int to) {
        int topk = options.topk();
        int a = (from - left.first()) * topk;
        int b = (from - right.first()) * topk;
        sink.add(layer, left.ids(), a, right.ids(), b, (to - from) * topk);
        int base = (int) (block * TokenStates.POSITIONS);
        for (int at = from; at < to; at++, a += topk, b += topk) {
            int found = sets.compare(left.ids(), a, right.ids(), b, topk);
            if (found != TokenSets.MASKED) {
                states.compared(at - base, found == TokenSets.DIFFERING);
            }
        }
    }

    private void endBlock() {
        long others = states.endBlock();
        if (others > 0 && sequence != null) {
            otherText.merge(sequence.toString(), others, Long::sum);
        }
    }

    /** Ends the partition; the sums over tokens and the tokens of each sequence that had other text. */
    Map<CompareKey, long[]> end() {
        endBlock();
        Map<CompareKey, long[]> out = new LinkedHashMap<>();
        out.put(CompareKey.TOKENS, states.sums());
        otherText.forEach((name, tokens) -> out.put(CompareKey.sequence(name), new long[] {1, tokens}));
        return out;
    }
}

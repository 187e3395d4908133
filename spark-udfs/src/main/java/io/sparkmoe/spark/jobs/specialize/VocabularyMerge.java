package io.sparkmoe.spark.jobs.specialize;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/** Adds up the cells of one (layer, block) after the other; holds 256 * num_experts counts. */
final class VocabularyMerge {
    /** Is told of a token id seen often enough: its most frequent expert, of equal ones the lowest. */
    @FunctionalInterface
    interface Sink {
        void tokenId(int layer, int tokenId, long seen, int expert, long top);
    }

    private final VocabularyOptions options;
    private final Sink sink;
    private final long[] @Nullable [] counts = new long[CellBlock.TOKENS][];
    private final boolean[] seen = new boolean[CellBlock.TOKENS];
    private final Map<Integer, VocabularyTotals> totals = new HashMap<>();
    private int layer;
    private int block = CellBlock.PAIRS;

    VocabularyMerge(VocabularyOptions options, Sink sink) {
        this.options = options;
        this.sink = sink;
    }

    /** Rows (layer, block, cells) with equal layers and blocks side by side. */
    Map<Integer, VocabularyTotals> run(Iterator<InternalRow> rows) {
        while (rows.hasNext()) {
            InternalRow row = rows.next();
            if (row.getInt(0) != layer || row.getInt(1) != block) {
                endBlock();
                layer = row.getInt(0);
                block = row.getInt(1);
            }
            if (block == CellBlock.PAIRS) {
                addPairs(ByteBuffer.wrap(row.getBinary(2)));
            } else {
                CellBlock.read(row.getBinary(2), this::cell);
            }
        }
        endBlock();
        return totals;
    }

    private VocabularyTotals ofLayer() {
        return totals.computeIfAbsent(layer, l -> new VocabularyTotals());
    }

    private void addPairs(ByteBuffer in) {
        for (int kind = 0; kind < VocabularyTotals.PAIRS; kind++) {
            ofLayer().addPairs(kind, CellBlock.number(in));
        }
    }

    private void cell(int low, int expert, long count) {
        if (counts[low] == null) {
            counts[low] = new long[options.numExperts()];
        }
        counts[low][expert] += count;
        seen[low] = true;
    }

    private void endBlock() {
        for (int low = 0; low < CellBlock.TOKENS; low++) {
            if (seen[low]) {
                endToken(low, counts[low]);
                seen[low] = false;
            }
        }
    }

    private void endToken(int low, long[] experts) {
        long sum = 0;
        int top = 0;
        for (int e = 0; e < experts.length; e++) {
            sum += experts[e];
            top = experts[e] > experts[top] ? e : top;
        }
        ofLayer().add(sum, experts[top], options.minimum());
        if (sum >= options.minimum()) {
            sink.tokenId(layer, (block << 8) | low, sum, top, experts[top]);
        }
        Arrays.fill(experts, 0);
    }
}

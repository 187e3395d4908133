package io.sparkmoe.spark.jobs.audit;

import io.sparkmoe.spark.jobs.rows.RowFacts;
import io.sparkmoe.spark.jobs.rows.RowKey;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Walks the rows of a partition token block by token block: adjacent rows of one key and first position are the layers
 * of one block.
 */
final class BlockWalk {
    private final AuditPartial out = new AuditPartial();
    private final RowCheck check = new RowCheck();
    private final SequenceWalk sequences;

    private @Nullable RowKey key;
    private SourceAudit source = new SourceAudit();
    private int position;
    private int tokens;
    private int topk;
    private boolean decode;
    private boolean cached;
    private boolean unequal;
    private long rows;
    private long ids;
    private long rowTokens;
    private final BitSet layers = new BitSet();
    private long[] hash = new long[0];
    private boolean[] known = new boolean[0];

    BlockWalk(int partition) {
        this.sequences = new SequenceWalk(out, partition);
    }

    /**
     * Takes a row.
     *
     * @param ids its ids, of which the first {@code n} count
     * @return whether analyses count the row
     */
    boolean row(RowFacts row, int[] ids, int n) {
        if (!row.hasIds()) {
            putAside(out.source(row.key.source().toString()), row.bad == null ? "null_ids" : row.bad, 0, 0);
            return false;
        }
        if (key == null || position != row.position || !row.key.equals(key)) {
            endBlock();
            begin(row);
        }
        return add(row, ids, n);
    }

    /** What the row taken last holds. */
    RowCheck check() {
        return check;
    }

    private static void putAside(SourceAudit source, String reason, long tokens, long ids) {
        source.add(Reasons.READ, 1, tokens, ids);
        source.add(Reasons.QUARANTINED, 1, tokens, ids);
        source.add(reason, 1, tokens, ids);
    }

    private void begin(RowFacts row) {
        key = row.key;
        source = out.source(row.key.source().toString());
        position = row.position;
        tokens = row.tokens;
        topk = row.topk;
        decode = row.decode;
        cached = row.cached;
        unequal = false;
        rows = 0;
        ids = 0;
        rowTokens = 0;
        layers.clear();
        if (hash.length < tokens) {
            hash = new long[tokens];
            known = new boolean[tokens];
        }
        Arrays.fill(hash, 0);
        Arrays.fill(known, false);
        boolean recorded = key.step() != null;
        out.recordedPasses |= recorded;
        out.replayedPasses |= !recorded;
    }

    private boolean add(RowFacts row, int[] rowIds, int n) {
        int rowTokenCount = row.tokens;
        int layer = row.layer;
        if (n != (long) rowTokenCount * row.topk) {
            putAside(source, Reasons.LENGTH_MISMATCH, rowTokenCount, n);
            out.example(Reasons.LENGTH_MISMATCH, example(layer, -1, n));
            return false;
        }
        out.shapes.add(new AuditPartial.Shape(row.numExperts, row.topk));
        if (rowTokenCount > hash.length) {
            hash = Arrays.copyOf(hash, rowTokenCount);
            known = Arrays.copyOf(known, rowTokenCount);
        }
        check.check(rowIds, rowTokenCount, row.topk, row.numExperts, layer, hash, known);
        if (check.outOfRange > 0) {
            outOfRange(layer, rowTokenCount, rowIds, n);
            return false;
        }
        unequal |= rowTokenCount != tokens || layers.get(layer) || row.topk != topk;
        layers.set(layer);
        rows++;
        ids += n;
        rowTokens += rowTokenCount;
        note(rowTokenCount, n);
        return true;
    }

    /** Such a row is not used; the reason counts the ids at fault, quarantined the whole row. */
    private void outOfRange(int layer, int rowTokenCount, int[] rowIds, int n) {
        source.add(Reasons.READ, 1, rowTokenCount, n);
        source.add(Reasons.QUARANTINED, 1, rowTokenCount, n);
        source.add(Reasons.OUT_OF_RANGE, 1, check.outOfRangeTokens, check.outOfRange);
        int at = (int) check.firstOutOfRange;
        out.example(Reasons.OUT_OF_RANGE, example(layer, at, rowIds[at]));
    }

    private void note(int rowTokenCount, int n) {
        if (check.masked > 0) {
            source.add(Reasons.MASKED, 1, check.maskedTokens, check.masked);
        }
        if (check.duplicates > 0) {
            source.add(Reasons.DUPLICATE_IDS, 1, check.duplicateTokens, check.duplicates);
        }
        if (check.allZero) {
            source.add(Reasons.ALL_ZERO_LAYER, 1, rowTokenCount, n);
        }
        if (cached) {
            source.add(Reasons.CACHED, 1, rowTokenCount, n);
        }
    }

    private Example example(int layer, long index, long value) {
        String request = key.requestId() == null ? null : key.requestId().toString();
        return new Example(key.source().toString(), request, key.choice(), layer, position, index, value);
    }

    private void endBlock() {
        if (key == null || rows == 0) {
            key = null;
            return;
        }
        source.add(Reasons.READ, rows, rowTokens, ids);
        source.add(Reasons.USED, rows, rowTokens, ids);
        source.addLayerSet(layers, new Tally(rows, rowTokens, ids));
        if (unequal) {
            source.add(Reasons.LAYERS_UNEQUAL, rows, rowTokens, ids);
        }
        out.decodeTokens += decode ? tokens : 0;
        out.prefillTokens += decode ? 0 : tokens;
        out.cachedTokens += cached ? tokens : 0;
        boolean judged = topk >= 2 && !unequal;
        sequences.block(key, position, tokens, hash, judged ? known : new boolean[tokens], (long) topk * rows);
        key = null;
    }

    /** What the partition holds. */
    AuditPartial end() {
        endBlock();
        sequences.end();
        return out;
    }
}

package io.sparkmoe.spark.jobs.audit;

import io.sparkmoe.spark.jobs.rows.IdColumn;
import io.sparkmoe.spark.jobs.rows.RowKey;
import java.util.Arrays;
import java.util.BitSet;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/**
 * Walks the rows of a partition token block by token block: adjacent rows of one key and first position are the layers
 * of one block.
 */
final class BlockWalk {
    private final AuditPartial out = new AuditPartial();
    private final RowCheck check = new RowCheck();
    private final SequenceWalk sequences;
    private final IdColumn column;
    private long rowNumber;

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

    BlockWalk(IdColumn column, int partition) {
        this.column = column;
        this.sequences = new SequenceWalk(out, partition);
    }

    void row(InternalRow row) {
        String bad = AuditRow.badReason(row);
        String name = AuditRow.source(row).toString();
        if (bad != null || row.isNullAt(AuditRow.TOPK_IDS)) {
            putAside(out.source(name), bad == null ? "null_ids" : bad, 0, 0);
            rowNumber++;
            return;
        }
        if (key == null || position != AuditRow.firstPosition(row) || !AuditRow.is(key, row)) {
            endBlock();
            begin(row, name);
        }
        add(row);
    }

    private static void putAside(SourceAudit source, String reason, long tokens, long ids) {
        source.add(Reasons.READ, 1, tokens, ids);
        source.add(Reasons.QUARANTINED, 1, tokens, ids);
        source.add(reason, 1, tokens, ids);
    }

    private void begin(InternalRow row, String name) {
        key = AuditRow.key(row);
        source = out.source(name);
        position = AuditRow.firstPosition(row);
        tokens = AuditRow.numTokens(row);
        topk = AuditRow.topk(row);
        decode = AuditRow.decode(row);
        cached = AuditRow.cached(row);
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

    private void add(InternalRow row) {
        int n = column.read(row, AuditRow.TOPK_IDS, rowNumber++);
        int rowTokenCount = AuditRow.numTokens(row);
        int layer = AuditRow.layer(row);
        if (n != (long) rowTokenCount * AuditRow.topk(row)) {
            putAside(source, Reasons.LENGTH_MISMATCH, rowTokenCount, n);
            out.example(Reasons.LENGTH_MISMATCH, example(layer, -1, n));
            return;
        }
        out.shapes.add(new AuditPartial.Shape(AuditRow.numExperts(row), AuditRow.topk(row)));
        unequal |= rowTokenCount != tokens || layers.get(layer) || AuditRow.topk(row) != topk;
        layers.set(layer);
        if (rowTokenCount > hash.length) {
            hash = Arrays.copyOf(hash, rowTokenCount);
            known = Arrays.copyOf(known, rowTokenCount);
        }
        check.check(column.ids(), rowTokenCount, AuditRow.topk(row), AuditRow.numExperts(row), layer, hash, known);
        rows++;
        ids += n;
        rowTokens += rowTokenCount;
        note(layer, rowTokenCount, n);
    }

    private void note(int layer, int rowTokenCount, int n) {
        if (check.masked > 0) {
            source.add(Reasons.MASKED, 1, check.maskedTokens, check.masked);
        }
        if (check.outOfRange > 0) {
            source.add(Reasons.OUT_OF_RANGE, 1, check.outOfRangeTokens, check.outOfRange);
            int at = (int) check.firstOutOfRange;
            out.example(Reasons.OUT_OF_RANGE, example(layer, at, column.ids()[at]));
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

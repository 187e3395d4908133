package io.sparkmoe.spark.jobs.rows;

import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/** What a row of the trace table says beside its ids; refilled row by row. Rows of one key share one key object. */
public final class RowFacts {
    public RowKey key;
    public int position;
    public int layer;
    public int tokens;
    public int numExperts;
    public int topk;
    public boolean decode;
    public boolean cached;
    /** Why the reader could not use the record, or null. */
    public @Nullable String bad;
    /** Whether the row has no list of ids. */
    public boolean withoutIds;

    /** Reads a row of {@link TraceFields#select}; of a bad one its source alone means something. */
    public void read(InternalRow row, TraceFields fields) {
        if (key == null || !TraceFields.is(key, row)) {
            key = TraceFields.key(row);
        }
        bad = fields.badReason(row);
        withoutIds = row.isNullAt(TraceFields.TOPK_IDS);
        if (bad != null || withoutIds) {
            return;
        }
        position = TraceFields.firstPosition(row);
        layer = TraceFields.layer(row);
        tokens = TraceFields.numTokens(row);
        numExperts = TraceFields.numExperts(row);
        topk = TraceFields.topk(row);
        decode = TraceFields.decode(row);
        cached = TraceFields.cached(row);
    }

    /** Whether the row counts at all, as far as the reader knows. */
    public boolean hasIds() {
        return bad == null && !withoutIds;
    }
}

package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.spark.exec.SliceIds;
import io.sparkmoe.spark.jobs.audit.AuditFeed;
import io.sparkmoe.spark.jobs.rows.RowFacts;
import io.sparkmoe.spark.jobs.rows.RowKey;
import io.sparkmoe.spark.jobs.rows.TraceFields;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/** Cuts a partition into slices of whole token blocks, has every row audited, and keeps the rows that count. */
final class SliceReader implements AutoCloseable {
    private static final int SLICE_ROWS = 1 << 15;

    private final RowCursor cursor;
    private final TraceFields fields;
    private final AuditFeed audit;
    private final boolean excludeCached;
    private final int sliceIds;
    private final SliceIds ids;
    private final Segments counted;
    private final TraceSlice slice = new TraceSlice();
    private final List<RowFacts> taken = new ArrayList<>();
    private int[] decoded = new int[1 << 12];
    private int size;
    private long rowNumber;
    private int numExperts;
    private int topk;

    SliceReader(
            RowCursor cursor,
            TraceFields fields,
            AuditFeed audit,
            boolean excludeCached,
            int sliceIds,
            RoutingBackend backend,
            BufferAllocator allocator) {
        this.cursor = cursor;
        this.fields = fields;
        this.audit = audit;
        this.excludeCached = excludeCached;
        this.sliceIds = sliceIds;
        this.ids = new SliceIds(fields.idsType(), backend.inputBuffers(allocator));
        this.counted = new Segments(backend, allocator);
    }

    /** The next slice with rows that count, valid until the next call; null at the end. */
    @Nullable
    TraceSlice next() {
        do {
            collect();
            if (size == 0) {
                return null;
            }
            judge();
            rowNumber += size;
        } while (slice.rows() == 0);
        return slice;
    }

    /** Of the rows that count: E, or 0 before the first. */
    int numExperts() {
        return numExperts;
    }

    int topk() {
        return topk;
    }

    private void collect() {
        ids.reset(rowNumber);
        size = 0;
        long estimate = 0;
        for (InternalRow row = cursor.peek(); row != null; row = cursor.peek()) {
            RowFacts facts = facts(size);
            RowFacts before = size == 0 ? null : taken.get(size - 1);
            facts.key = before == null ? facts.key : before.key;
            facts.read(row, fields);
            boolean full = estimate >= sliceIds || size >= SLICE_ROWS;
            if (full && before != null && !sameBlock(before, facts)) {
                break;
            }
            estimate += facts.hasIds() ? (long) facts.tokens * facts.topk : 0;
            cursor.take(ids);
            size++;
        }
        cursor.flush(ids);
    }

    private RowFacts facts(int at) {
        if (at == taken.size()) {
            taken.add(new RowFacts());
        }
        return taken.get(at);
    }

    private static boolean sameBlock(RowFacts a, RowFacts b) {
        RowKey key = a.key;
        return a.position == b.position && key.equals(b.key);
    }

    /** Audits what was collected; the rows that count become the slice. */
    private void judge() {
        RoutingBatch batch = ids.batch();
        slice.clear();
        boolean all = true;
        counted.reset(batch);
        for (int r = 0; r < size; r++) {
            RowFacts facts = taken.get(r);
            int n = batch.length(r);
            decoded = decoded.length < n ? new int[2 * n] : decoded;
            IdCodec.decode(batch.type(), batch.address(r), decoded, 0, n);
            boolean counts = audit.row(facts, decoded, n) && !(excludeCached && facts.cached) && ofOneModel(facts);
            if (!counts && all) {
                for (int before = 0; before < r; before++) {
                    counted.add(batch, before);
                }
                all = false;
            } else if (counts && !all) {
                counted.add(batch, r);
            }
            if (counts) {
                slice.add(facts, audit.knownTokens());
                for (int i = 0; i < audit.repeats(); i++) {
                    slice.repeated(audit.repeated()[i]);
                }
            }
        }
        slice.ids(all ? batch : counted.batch());
    }

    /** A recording of several models is refused when its audit is whole; until then the first one's rows count. */
    private boolean ofOneModel(RowFacts facts) {
        if (numExperts == 0) {
            numExperts = facts.numExperts;
            topk = facts.topk;
        }
        return facts.numExperts == numExperts && facts.topk == topk;
    }

    @Override
    public void close() {
        try (counted) {
            ids.close();
        }
    }
}

package io.sparkmoe.spark.jobs.passes;

import static org.apache.spark.sql.functions.col;

import java.util.Arrays;
import java.util.Iterator;
import java.util.Objects;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/** Passes as the recorder named them: all tokens of one (source, step, rank, layer). */
final class RecordedPasses implements PassCutter {
    private static final long serialVersionUID = 1L;

    private final PassRow reader;

    RecordedPasses(PassRow reader) {
        this.reader = reader;
    }

    /** The rows as {@link #cut} needs them. */
    static Dataset<Row> plan(Dataset<Row> rows) {
        return rows.select("source", "step", "rank", "layer", "num_tokens", "topk_ids")
                .repartition(col("source"), col("step"), col("rank"), col("layer"))
                .sortWithinPartitions("source", "step", "rank", "layer");
    }

    @Override
    public void cut(Iterator<InternalRow> rows, PassSink sink) {
        Pass pass = new Pass();
        while (rows.hasNext()) {
            InternalRow row = rows.next();
            if (!pass.is(row)) {
                pass.end(sink);
                pass.begin(row);
            }
            pass.add(reader.codes(row, 5, row.getInt(4)));
        }
        pass.end(sink);
    }

    /** The pass at hand; the order of its tokens does not matter to padding. */
    private static final class Pass {
        private @Nullable UTF8String source;
        private long step;
        private @Nullable Integer rank;
        private int layer;
        private short[] ids = new short[1024];
        private int length;

        boolean is(InternalRow row) {
            return source != null
                    && layer == row.getInt(3)
                    && step == row.getLong(1)
                    && Objects.equals(rank, row.isNullAt(2) ? null : (Integer) row.getInt(2))
                    && source.equals(row.getUTF8String(0));
        }

        void begin(InternalRow row) {
            source = row.getUTF8String(0).copy();
            step = row.getLong(1);
            rank = row.isNullAt(2) ? null : (Integer) row.getInt(2);
            layer = row.getInt(3);
            length = 0;
        }

        void add(short[] codes) {
            if (length + codes.length > ids.length) {
                ids = Arrays.copyOf(ids, Math.max(length + codes.length, 2 * ids.length));
            }
            System.arraycopy(codes, 0, ids, length, codes.length);
            length += codes.length;
        }

        void end(PassSink sink) {
            if (source != null) {
                sink.pass(layer, PassReplay.RECORDED, 0, ids, 0, length);
            }
        }
    }
}

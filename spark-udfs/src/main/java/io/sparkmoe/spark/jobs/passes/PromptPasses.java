package io.sparkmoe.spark.jobs.passes;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * Passes of N consecutive tokens of one sequence at one layer, counted from the first token that the sequence has there.
 *
 * <p>Every size is cut in one walk over the rows of a (sequence, layer) in position order. N = 1 needs no order.
 */
final class PromptPasses implements PassCutter {
    private static final long serialVersionUID = 1L;

    private final PassRow reader;
    private final ReplayOptions options;
    private final List<List<Integer>> families;
    private final String phase;

    PromptPasses(PassRow reader, ReplayOptions options, List<Integer> sizes, String phase) {
        this.reader = reader;
        this.options = options;
        this.families = PassFamilies.of(sizes);
        this.phase = phase;
    }

    /** The rows as {@link #cut} needs them; without order where every pass is one token. */
    static Dataset<Row> plan(Dataset<Row> rows, List<Integer> sizes) {
        Dataset<Row> columns =
                rows.select("source", "request_id", "choice", "layer", "first_position", "num_tokens", "topk_ids");
        if (sizes.equals(List.of(1))) {
            return columns;
        }
        return columns.repartition(col("source"), col("request_id"), col("choice"), col("layer"))
                .sortWithinPartitions(
                        xxhash64(col("source"), col("request_id"), col("choice"), col("layer")),
                        col("source"),
                        col("request_id"),
                        col("choice"),
                        col("layer"),
                        col("first_position"),
                        col("num_tokens"),
                        col("topk_ids"));
    }

    @Override
    public void cut(Iterator<InternalRow> rows, PassSink sink) {
        Walk walk = new Walk(sink);
        while (rows.hasNext()) {
            walk.row(rows.next());
        }
        walk.end();
    }

    /** One walk over a partition: the windows of the (sequence, layer) at hand. */
    private final class Walk {
        private final PassSink sink;
        private final List<PassWindow> windows =
                families.stream().map(f -> new PassWindow(f, options.topk())).toList();
        private final long[] windowIndex = new long[families.size()];
        private @Nullable UTF8String source;
        private @Nullable UTF8String request;
        private int choice;
        private int layer;
        private int start;

        Walk(PassSink sink) {
            this.sink = sink;
        }

        void row(InternalRow row) {
            int first = row.getInt(4);
            if (!same(row)) {
                end();
                source = row.getUTF8String(0).copy();
                request = row.isNullAt(1) ? null : row.getUTF8String(1).copy();
                choice = row.getInt(2);
                layer = row.getInt(3);
                start = first;
            }
            int tokens = row.getInt(5);
            short[] codes = reader.codes(row, 6, tokens);
            for (int f = 0; f < windows.size(); f++) {
                spread(f, first - (long) start, codes, tokens);
            }
        }

        /** Adds a row's tokens to the windows of one family, emitting each window that is left behind. */
        private void spread(int family, long offset, short[] codes, int tokens) {
            PassWindow window = windows.get(family);
            int largest = window.largest();
            for (int done = 0; done < tokens; ) {
                long index = (offset + done) / largest;
                if (index != windowIndex[family]) {
                    window.emit(sink, layer, phase);
                    windowIndex[family] = index;
                }
                int at = (int) ((offset + done) % largest);
                int count = Math.min(tokens - done, largest - at);
                window.add(at, codes, done, count);
                done += count;
            }
        }

        private boolean same(InternalRow row) {
            return source != null
                    && layer == row.getInt(3)
                    && choice == row.getInt(2)
                    && source.equals(row.getUTF8String(0))
                    && Objects.equals(request, row.isNullAt(1) ? null : row.getUTF8String(1));
        }

        void end() {
            for (int f = 0; f < windows.size(); f++) {
                windows.get(f).emit(sink, layer, phase);
                windowIndex[f] = 0;
            }
        }
    }
}

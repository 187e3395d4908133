package io.sparkmoe.spark.jobs.passes;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/**
 * Passes of one token of each of N sequences: the t-th decode token of every sequence of a group of N in key order.
 *
 * <p>Rows come by (group of the family's largest N, layer) and then by t, so that a sweep over t needs at most one row
 * of each sequence of a group in memory: largest N * tokens a row * topk * 2 bytes (67 MB at 4,096 * 1,024 * 8).
 */
final class DecodePasses implements PassCutter {
    private static final long serialVersionUID = 1L;

    private final PassRow reader;
    private final ReplayOptions options;
    private final List<Integer> family;

    DecodePasses(PassRow reader, ReplayOptions options, List<Integer> family) {
        this.reader = reader;
        this.options = options;
        this.family = family;
    }

    /** The rows as {@link #cut} needs them, from decode rows that carry seq_rank and decode_start. */
    static Dataset<Row> plan(Dataset<Row> ranked, int largest) {
        return ranked.select(
                        expr("seq_rank div " + largest).as("seq_group"),
                        col("layer"),
                        col("first_position").minus(col("decode_start")).as("t"),
                        expr("cast(seq_rank % " + largest + " as int)").as("member"),
                        col("num_tokens"),
                        col("topk_ids"))
                .repartition(col("seq_group"), col("layer"))
                .sortWithinPartitions("seq_group", "layer", "t", "member", "num_tokens", "topk_ids");
    }

    @Override
    public void cut(Iterator<InternalRow> rows, PassSink sink) {
        Sweep sweep = new Sweep(rows, sink);
        while (sweep.next != null) {
            sweep.group();
        }
    }

    /** The rest of one row of one sequence. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Run(int member, int start, int end, short[] codes) {}

    /** A sweep over t, group by group. */
    private final class Sweep {
        private final Iterator<InternalRow> rows;
        private final PassSink sink;
        private final PassWindow window = new PassWindow(family, options.topk());
        private final List<Run> active = new ArrayList<>();
        private @Nullable InternalRow next;
        private long group;
        private int layer;

        Sweep(Iterator<InternalRow> rows, PassSink sink) {
            this.rows = rows;
            this.sink = sink;
            advance();
        }

        private void advance() {
            next = rows.hasNext() ? rows.next() : null;
        }

        /** Plays one (group, layer) from its first token to its last. */
        void group() {
            group = next.getLong(0);
            layer = next.getInt(1);
            int t = next.getInt(2);
            while (inGroup() || !active.isEmpty()) {
                if (active.isEmpty()) {
                    t = next.getInt(2);
                }
                take(t);
                pass(t++);
            }
        }

        private boolean inGroup() {
            return next != null && next.getLong(0) == group && next.getInt(1) == layer;
        }

        /** Activates the rows that start by {@code t}. */
        private void take(int t) {
            int before = active.size();
            while (inGroup() && next.getInt(2) <= t) {
                int start = next.getInt(2);
                int tokens = next.getInt(4);
                short[] codes = reader.codes(next, 5, tokens);
                if (tokens > 0) {
                    active.add(new Run(next.getInt(3), start, start + tokens, codes));
                }
                advance();
            }
            if (active.size() > before) {
                active.sort(Comparator.comparingInt(Run::member));
            }
        }

        private void pass(int t) {
            for (Run run : active) {
                window.add(run.member, run.codes, t - run.start, 1);
            }
            window.emit(sink, layer, PassReplay.DECODE);
            active.removeIf(run -> run.end <= t + 1);
        }
    }
}

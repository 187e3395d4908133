package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.trace.ModelFacts;
import java.util.List;
import org.apache.spark.sql.Row;

/**
 * What a plan needs to know of a recording before it is read: its model from the options and the first rows, its size from
 * the files' sizes. Results do not depend on it.
 *
 * @param layers MoE layers
 * @param bytes of the files
 */
record TraceShape(int numExperts, int topk, int layers, long bytes) {
    /** Rows looked at: the layers of the first token blocks. */
    private static final int ROWS = 4096;

    /** The shape as options and config tell it, or else the first rows, which are looked at without their ids. */
    static TraceShape of(Trace trace, InputOptions input) {
        ModelFacts facts = input.facts(trace.spark().sessionState().newHadoopConf());
        if (facts.numExperts() != null && facts.topk() != null && facts.moeLayers() != null) {
            return new TraceShape(
                    facts.numExperts(), facts.topk(), facts.moeLayers().size(), trace.bytes());
        }
        List<Row> first = trace.rows()
                .where("bad is null")
                .select("num_experts", "topk", "layer")
                .limit(ROWS)
                .collectAsList();
        if (first.isEmpty()) {
            return new TraceShape(1, 1, 1, trace.bytes());
        }
        int layers = (int) first.stream().map(r -> r.getInt(2)).distinct().count();
        return new TraceShape(first.get(0).getInt(0), first.get(0).getInt(1), layers, trace.bytes());
    }

    /** About how many ids the recording has: compressed files hold one in a byte or two. */
    long ids() {
        return Math.max(1, bytes / (numExperts <= 256 ? 1 : 2));
    }

    /** About how many tokens, layers not multiplied. */
    long tokens() {
        return Math.max(1, ids() / ((long) layers * topk));
    }
}

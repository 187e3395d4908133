package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.passes.BackendSource;
import io.sparkmoe.spark.jobs.passes.PassKey;
import io.sparkmoe.spark.jobs.passes.PassReplay;
import io.sparkmoe.spark.jobs.passes.PassTotals;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.report.ReportModel.Padding;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Padding of forward passes as lines of the report: a layer each, and summed over layers. */
final class PaddingJob {
    private static final Comparator<Padding> ORDER = Comparator.comparing(
                    Padding::layer, Comparator.nullsFirst(Comparator.<Integer>naturalOrder()))
            .thenComparing(Padding::phase)
            .thenComparingInt(Padding::tokensPerPass)
            .thenComparingInt(Padding::blockSize);

    private PaddingJob() {}

    /** Measures the passes: those the recorder named, and replayed ones of the other rows. */
    static List<Padding> run(UsableTrace trace, List<Integer> tokensPerPass, List<Integer> blockSizes) {
        ReplayOptions options = new ReplayOptions(trace.numExperts(), trace.topk(), tokensPerPass, blockSizes);
        BackendSource backend = Backends.source(trace.trace().spark());
        PassReplay replay = new PassReplay(Trace.packed(trace.rows()), options, backend);
        Map<PassKey, PassTotals> totals = new LinkedHashMap<>();
        if (trace.audit().recordedPasses()) {
            totals.putAll(replay.recorded());
        }
        if (trace.audit().replayedPasses()) {
            totals.putAll(replay.replayed());
        }
        return lines(totals, options.blockSizes());
    }

    /** Adds the lines and their table to what was found. */
    static void add(Analysis found, List<Padding> padding) {
        ReportTables tables = new ReportTables(found.traces().get(0).trace().spark());
        found.padding(padding).table("padding", tables.padding(padding));
    }

    /** The lines of the report: a layer each, and summed. */
    static List<Padding> lines(Map<PassKey, PassTotals> totals, List<Integer> blockSizes) {
        Map<PassKey, PassTotals> overall = new LinkedHashMap<>();
        List<Padding> out = new ArrayList<>();
        totals.forEach((key, t) -> {
            overall.merge(new PassKey(-1, key.phase(), key.tokensPerPass()), t, PassTotals::plus);
            add(out, key.layer(), key, t, blockSizes);
        });
        overall.forEach((key, t) -> add(out, null, key, t, blockSizes));
        out.sort(ORDER);
        return out;
    }

    private static void add(
            List<Padding> out, @Nullable Integer layer, PassKey key, PassTotals t, List<Integer> blockSizes) {
        for (int b = 0; b < blockSizes.size(); b++) {
            out.add(new Padding(
                    layer,
                    key.phase(),
                    key.tokensPerPass(),
                    blockSizes.get(b),
                    t.passes(),
                    t.blocks()[b],
                    t.slots()[b],
                    t.used()));
        }
    }
}

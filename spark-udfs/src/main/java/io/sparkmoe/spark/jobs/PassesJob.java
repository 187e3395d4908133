package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.passes.PassKey;
import io.sparkmoe.spark.jobs.passes.PassReplay;
import io.sparkmoe.spark.jobs.passes.PassTotals;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.jobs.scan.ScanResult;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Figures of forward passes out of one read. */
final class PassesJob {
    static final StructType DECODE_ROWS = new StructType()
            .add("source", DataTypes.StringType)
            .add("request_id", DataTypes.StringType)
            .add("choice", DataTypes.IntegerType)
            .add("step", DataTypes.LongType)
            .add("rank", DataTypes.IntegerType)
            .add("phase", DataTypes.StringType)
            .add("layer", DataTypes.IntegerType)
            .add("first_position", DataTypes.IntegerType)
            .add("num_tokens", DataTypes.IntegerType)
            .add("topk_ids", DataTypes.BinaryType);

    private PassesJob() {}

    /** Totals by layer, phase and tokens per pass; reads the trace again only where it cannot be helped, and says so. */
    static Map<PassKey, PassTotals> run(OneRead read, ReplayOptions asked, Progress progress) {
        UsableTrace trace = read.trace();
        ReplayOptions options = asked.of(trace.numExperts(), trace.topk());
        ScanResult scanned = read.reads().get(0);
        if (!scanned.passesLineUp(options)) {
            progress.say(
                    "A sequence that several tasks read does not start at a multiple of every pass size: its passes are "
                            + "cut in a second read");
            return progress.step("Replaying forward passes", () -> replay(trace, options));
        }
        Map<PassKey, PassTotals> out =
                progress.step("Adding up forward passes", () -> new HashMap<>(scanned.passes(options)));
        Dataset<Row> decode = trace.trace().spark().createDataFrame(scanned.decodeRows(), DECODE_ROWS);
        PassReplay replay =
                new PassReplay(decode, options, Backends.source(trace.trace().spark()));
        if (trace.audit().decodeTokens() > 0) {
            progress.step("Replaying decode passes", replay::decode)
                    .forEach((key, t) -> out.merge(key, t, PassTotals::plus));
        }
        return out;
    }

    private static Map<PassKey, PassTotals> replay(UsableTrace trace, ReplayOptions options) {
        PassReplay replay = new PassReplay(
                Trace.packed(trace.rows()),
                options,
                Backends.source(trace.trace().spark()));
        Map<PassKey, PassTotals> out = new HashMap<>(replay.recorded());
        replay.replayed().forEach((key, t) -> out.merge(key, t, PassTotals::plus));
        return out;
    }
}

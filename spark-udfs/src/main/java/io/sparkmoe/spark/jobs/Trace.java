package io.sparkmoe.spark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.xxhash64;

import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.audit.TraceAudit;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;

/**
 * An opened recording.
 *
 * @param rows the trace table, marked records included where asked for
 * @param files what is read
 * @param sorted whether the rows were sorted into block order, every sequence in one partition
 */
record Trace(SparkSession spark, Dataset<Row> rows, List<Inputs.InputFile> files, Recorder recorder, boolean sorted) {
    /** Opens a recording; {@code mark} keeps records that cannot be used as marked rows instead of failing. */
    static Trace open(SparkSession spark, InputOptions options, boolean mark, Progress progress) {
        List<Inputs.InputFile> files =
                Inputs.resolve(options.input(), spark.sessionState().newHadoopConf());
        return open(spark, options, files, options.input(), mark, progress);
    }

    /** Opens some of the files. */
    static Trace open(
            SparkSession spark,
            InputOptions options,
            List<Inputs.InputFile> files,
            List<String> paths,
            boolean mark,
            Progress progress) {
        Recorder recorder = options.recorder();
        if (recorder == null) {
            recorder = Recorder.guess(files);
            progress.say("Recorder not given: reading as " + recorder + " (--recorder)");
        }
        Recorder used = recorder;
        Dataset<Row> rows = spark.read()
                .format("moe_trace")
                .options(options.readerOptions())
                .option("recorder", used.name())
                .option("onBadRows", mark ? "mark" : "fail")
                .load(paths.toArray(new String[0]));
        List<Inputs.InputFile> read =
                files.stream().filter(f -> used.reads(f.path())).toList();
        return new Trace(spark, rows, read, used, false);
    }

    /** Bytes of the files. */
    long bytes() {
        return files.stream().mapToLong(Inputs.InputFile::length).sum();
    }

    /**
     * A part of the recording that keeps sequences whole: those whose key hashes into the first {@code fraction}. Where
     * there is no request id token blocks are drawn one by one.
     */
    Trace sampled(double fraction) {
        return sampled(
                fraction, expr("struct(source, request_id, choice, step, if(request_id is null, first_position, 0))"));
    }

    /** The rows whose key hashes into the first {@code fraction}, and those that belong to no sequence. */
    Trace sampled(double fraction, Column key) {
        Column drawn = pmod(xxhash64(key), lit(1_000_000L)).lt(Math.round(fraction * 1_000_000));
        return fraction >= 1
                ? this
                : new Trace(spark, rows.where(col("bad").isNotNull().or(drawn)), files, recorder, sorted);
    }

    /** The rows with the layers of a token block together: as read, or sorted where the files do not promise it. */
    Trace inBlockOrder(Progress progress) {
        if (recorder != Recorder.trace || BlockOrder.kept(spark, files)) {
            return this;
        }
        progress.say("The Parquet files do not say that the layers of a token block stand together: sorting them first "
                + "('spark-moe convert' writes files that need no sorting)");
        return new Trace(spark, TraceAudit.sorted(rows), files, recorder, true);
    }

    /** Whether no sequence is read by two tasks: responses are read whole, and so is what was sorted. */
    boolean wholeSequences() {
        return sorted || recorder == Recorder.sglang;
    }

    /** The audit; the rows must be in block order. */
    AuditResult audit(InputOptions options, Progress progress) {
        return progress.step("Auditing the trace", () -> TraceAudit.run(rows, ModelLayers.of(spark, options)));
    }

    /** What rows have to be checked for; only what the audit found, so that a sound trace costs no check. */
    record Faults(boolean wrongLength, boolean outOfRange) {}

    /** The rows that analyses count: not marked, and without the faults. */
    Dataset<Row> usable(Faults faults, boolean excludeCached) {
        Dataset<Row> out = rows.where("not (" + unusableCondition(faults) + ")");
        return excludeCached ? out.where("not coalesce(attributes['cached'] = 'true', false)") : out;
    }

    /** The rows that go to the quarantine. */
    Dataset<Row> unusable(Faults faults) {
        return rows.where(unusableCondition(faults));
    }

    private String unusableCondition(Faults faults) {
        boolean packed = rows.schema().apply("topk_ids").dataType().equals(DataTypes.BinaryType);
        String ids = packed ? "moe_unpack_ids(topk_ids)" : "topk_ids";
        String condition = "bad is not null or topk_ids is null";
        if (faults.wrongLength) {
            condition += " or size(" + ids + ") != num_tokens * topk";
        }
        if (faults.outOfRange) {
            condition += " or coalesce(exists(" + ids + ", id -> id < -1 or id >= num_experts), false)";
        }
        return condition;
    }

    /** The ids column packed, which makes a shuffle of it 2 to 4 times smaller. */
    static Dataset<Row> packed(Dataset<Row> rows) {
        boolean packed = rows.schema().apply("topk_ids").dataType().equals(DataTypes.BinaryType);
        return packed ? rows : rows.withColumn("topk_ids", expr("moe_pack_ids(topk_ids)"));
    }
}

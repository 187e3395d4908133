package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.audit.AuditResult;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which rows of a recording an analysis counts. */
public final class RowOptions {
    @Option(
            names = "--exclude-cached",
            description = "Leaves out tokens whose routing an earlier request had computed (cached prefixes).")
    private boolean excludeCached;

    @Option(
            names = "--sample",
            paramLabel = "F",
            defaultValue = "1",
            description = "Takes this share of the sequences, drawn by their key. Default: all.")
    private double sample = 1;

    @Option(
            names = "--on-bad-rows",
            paramLabel = "POLICY",
            defaultValue = "fail",
            description = "fail: stop at the first record that cannot be used, naming file, record and position. "
                    + "quarantine: put such rows into quarantine/, go on, and exit with 3. Default: ${DEFAULT-VALUE}.")
    private BadRows badRows = BadRows.fail;

    boolean excludeCached() {
        return excludeCached;
    }

    BadRows badRows() {
        return badRows;
    }

    /** Checks the options of a verb. */
    void check(Verb verb) {
        if (!(sample > 0 && sample <= 1)) {
            throw verb.usage("--sample must be above 0 and at most 1, got " + sample);
        }
    }

    /** Opens a recording: its rows in block order, drawn, not yet audited. */
    Trace trace(SparkSession spark, InputOptions input, Progress progress) {
        return Trace.open(spark, input, badRows == BadRows.quarantine, progress)
                .sampled(sample)
                .inBlockOrder(progress);
    }

    /**
     * Opens and audits a recording for analyses that need its rows in no order: only the audit has to sort them.
     *
     * @param key what a sample is drawn by, so that equal keys are drawn alike in every recording; null for the sequence
     */
    UsableTrace unordered(
            SparkSession spark,
            InputOptions input,
            @Nullable Column key,
            UnaryOperator<String> sourceNames,
            Progress progress) {
        Trace opened = Trace.open(spark, input, badRows == BadRows.quarantine, progress);
        Trace trace = key == null ? opened.sampled(sample) : opened.sampled(sample, key);
        return usable(trace, trace.inBlockOrder(progress).audit(input, progress).named(sourceNames));
    }

    /** Opens and audits a recording. {@code sourceNames} says what the audit calls the sources. */
    UsableTrace usable(SparkSession spark, InputOptions input, UnaryOperator<String> sourceNames, Progress progress) {
        Trace trace = trace(spark, input, progress);
        return usable(trace, trace.audit(input, progress).named(sourceNames));
    }

    /** A recording as its audit says. */
    UsableTrace usable(Trace trace, AuditResult audit) {
        return UsableTrace.of(trace, audit, badRows, excludeCached);
    }
}

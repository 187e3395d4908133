package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.scan.ScanResult;
import java.io.IOException;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Mixin;

/** An analysis of one recording that is read once, the audit included. */
abstract class ScanVerb extends TraceVerb {
    @Mixin
    ScanOptions scan = new ScanOptions();

    /** What the read is asked for. */
    abstract ScanRequest request();

    /** Adds what was found. */
    abstract void report(Analysis found, OneRead read, Progress progress);

    @Override
    void check() {
        super.check();
        scan.check(this);
    }

    @Override
    Analysis analyse(SparkSession spark, Progress progress) throws IOException {
        OneRead read = read(spark, request(), progress);
        Analysis found = new Analysis(List.of(read.trace()), names());
        report(found, read, progress);
        return found;
    }

    @Override
    int opened(SparkSession spark, Progress progress) throws Exception {
        if (!scan.explainPlan()) {
            return super.opened(spark, progress);
        }
        Trace trace = rows.trace(spark, input, progress);
        ScanRequest request = request();
        ScanPlan plan = plan(trace, request);
        List<ScanResult> reads = OneRead.plan(trace, request, plan, rows.excludeCached());
        plan.print(trace, request, reads.get(0).tasks(), out());
        return DONE;
    }

    private ScanPlan plan(Trace trace, ScanRequest request) {
        SparkSession spark = trace.spark();
        return ScanPlan.of(
                request,
                TraceShape.of(trace, input),
                scan.taskBytes(spark),
                spark.sparkContext().defaultParallelism());
    }

    /** Reads a recording for a request. */
    OneRead read(SparkSession spark, ScanRequest request, Progress progress) {
        Trace trace = rows.trace(spark, input, progress);
        ScanPlan plan = progress.step("Planning the read", () -> plan(trace, request));
        if (plan.reads() > 1) {
            progress.say("The sums of all layers do not fit a task's " + Words.bytes(plan.taskMemory()) + ": "
                    + plan.reads() + " reads, for a part of them each (--task-memory)");
        }
        List<ScanResult> reads = OneRead.plan(trace, request, plan, rows.excludeCached());
        AuditResult audit =
                progress.step("Reading the trace", () -> reads.get(0).audit(ModelLayers.of(spark, input)));
        UsableTrace usable = rows.usable(trace, audit.named(sourceNames()));
        OneRead read = new OneRead(usable, reads);
        if (!rows.excludeCached()) {
            ExpertLoadJob.requireAgreement(read.counts(), usable.audit());
        }
        return read;
    }
}

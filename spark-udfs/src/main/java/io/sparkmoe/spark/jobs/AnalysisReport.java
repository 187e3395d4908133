package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.exec.ExecutorBackend;
import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.audit.Reasons;
import io.sparkmoe.spark.report.ReportModel;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** The report's model of an analysis: what was found, and what it was found in. */
final class AnalysisReport {
    private AnalysisReport() {}

    /** The model. {@code start} is the command's start by System.nanoTime. */
    static ReportModel model(Analysis found, boolean cachedExcluded, long start, String command) {
        UsableTrace first = found.traces().get(0);
        List<Integer> moeLayers = found.layers().isEmpty()
                ? first.audit().layers()
                : found.layers().stream().map(ReportModel.Layer::layer).toList();
        return new ReportModel(
                source(found, cachedExcluded),
                new ReportModel.Model(
                        found.names().model(), first.numExperts(), first.topk(), moeLayers, found.epSize()),
                found.layers(),
                found.overall(),
                found.padding(),
                found.model(),
                findings(found),
                run(first, start, command));
    }

    /** The audits' lines of all recordings. */
    static List<AuditResult.Line> auditLines(Analysis found) {
        return found.traces().stream().flatMap(t -> t.audit().lines().stream()).toList();
    }

    private static ReportModel.Source source(Analysis found, boolean cachedExcluded) {
        List<UsableTrace> traces = found.traces();
        String recorders =
                traces.stream().map(t -> t.trace().recorder().name()).distinct().collect(Collectors.joining(", "));
        return new ReportModel.Source(
                found.names().inputs(),
                recorders,
                sum(traces, t -> t.trace().files().size()),
                sum(traces, t -> t.trace().bytes()),
                sum(traces, t -> t.audit().total(Reasons.READ).records()),
                sum(traces, t -> t.audit().sequences()),
                sum(traces, t -> t.audit().prefillTokens() + t.audit().decodeTokens()),
                sum(traces, t -> t.audit().prefillTokens()),
                sum(traces, t -> t.audit().decodeTokens()),
                sum(traces, t -> t.audit().cachedTokens()),
                cachedExcluded,
                sum(traces, t -> t.audit().total(Reasons.USED).ids()),
                sum(traces, t -> t.audit().total(Reasons.MASKED).ids()),
                sum(traces, UsableTrace::quarantined));
    }

    private static long sum(List<UsableTrace> traces, ToLongFunction<UsableTrace> figure) {
        return traces.stream().mapToLong(figure).sum();
    }

    private static List<ReportModel.AuditLine> findings(Analysis found) {
        return found.traces().stream()
                .flatMap(t -> t.audit().findings().stream())
                .map(l -> new ReportModel.AuditLine(
                        l.source(),
                        l.reason(),
                        l.tally().records(),
                        l.tally().tokens(),
                        l.tally().ids()))
                .toList();
    }

    private static ReportModel.Run run(UsableTrace trace, long start, String command) {
        return new ReportModel.Run(
                VersionText.sparkMoe(),
                trace.trace().spark().version(),
                System.getProperty("java.version"),
                ExecutorBackend.get(Backends.conf(trace.trace().spark())).name(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                (System.nanoTime() - start) / 1e9,
                command);
    }
}

package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.metrics.BalanceMetrics;
import io.sparkmoe.spark.exec.ExecutorBackend;
import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.audit.Reasons;
import io.sparkmoe.spark.report.AnalysisModel;
import io.sparkmoe.spark.report.ReportModel;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Measures a recording and puts the figures into the report's model. */
final class ReportBuilder {
    /** What the report says it read, and of which model. */
    record Names(List<String> inputs, String model) {}

    private final UsableTrace trace;
    private final @Nullable Integer epSize;
    private final boolean excludeCached;
    private final Names names;

    ReportBuilder(UsableTrace trace, @Nullable Integer epSize, boolean excludeCached, Names names) {
        this.trace = trace;
        this.epSize = epSize;
        this.excludeCached = excludeCached;
        this.names = names;
    }

    /** Runs the jobs. {@code start} is the command's start by System.nanoTime. */
    ReportModel build(
            Progress progress, List<Integer> tokensPerPass, List<Integer> blockSizes, long start, String command) {
        Map<Integer, long[]> load = progress.step("Counting expert load", () -> ExpertLoadJob.run(trace));
        if (!excludeCached) {
            ExpertLoadJob.requireAgreement(load, trace.audit());
        }
        List<ReportModel.Padding> padding =
                progress.step("Replaying forward passes", () -> PaddingJob.run(trace, tokensPerPass, blockSizes));
        List<ReportModel.Layer> layers = new ArrayList<>();
        load.forEach((layer, counts) -> layers.add(new ReportModel.Layer(layer, counts, metrics(counts))));
        Map<String, @Nullable Double> overall = OverallMetrics.of(
                layers.stream().map(ReportModel.Layer::metrics).toList(), load.values(), epSize);
        return new ReportModel(
                source(),
                new ReportModel.Model(
                        names.model(), trace.numExperts(), trace.topk(), List.copyOf(load.keySet()), epSize),
                layers,
                overall,
                padding,
                AnalysisModel.NONE,
                findings(),
                run(start, command));
    }

    private Map<String, @Nullable Double> metrics(long[] counts) {
        Map<String, @Nullable Double> out = new LinkedHashMap<>();
        @Nullable Double[] values = BalanceMetrics.of(counts, epSize).values();
        List<String> metricNames = BalanceMetrics.names();
        for (int i = 0; i < values.length; i++) {
            out.put(metricNames.get(i), values[i]);
        }
        return out;
    }

    private ReportModel.Source source() {
        AuditResult audit = trace.audit();
        return new ReportModel.Source(
                names.inputs(),
                trace.trace().recorder().name(),
                trace.trace().files().size(),
                trace.trace().bytes(),
                audit.total(Reasons.READ).records(),
                audit.sequences(),
                audit.prefillTokens() + audit.decodeTokens(),
                audit.prefillTokens(),
                audit.decodeTokens(),
                audit.cachedTokens(),
                excludeCached,
                audit.total(Reasons.USED).ids(),
                audit.total(Reasons.MASKED).ids(),
                trace.quarantined());
    }

    private List<ReportModel.AuditLine> findings() {
        return trace.audit().findings().stream()
                .map(l -> new ReportModel.AuditLine(
                        l.source(),
                        l.reason(),
                        l.tally().records(),
                        l.tally().tokens(),
                        l.tally().ids()))
                .toList();
    }

    private ReportModel.Run run(long start, String command) {
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

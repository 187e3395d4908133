package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.report.ReportModel;
import io.sparkmoe.spark.report.ReportPage;
import io.sparkmoe.spark.report.SummaryJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code spark-moe report}: from a recording to tables, summary.json and a page. */
@Command(
        name = "report",
        description = {
            "Reads recorded routing and writes a report: expert load, balance, padding waste and an audit.",
            "",
            "In the output folder: report.html (opens offline), summary.json, and Parquet tables under tables/:",
            "expert_load, balance, padding, audit; unusable rows under quarantine/. A short summary goes to stdout.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe report --demo",
            "  spark-moe report --input 'dump/*.jsonl.gz' --model-config config.json --output report/",
            "  spark-moe report --input traces/trace --ep-size 8 --block-sizes 64,128 --overwrite",
            "",
            "SGLang's and vLLM's responses do not say which tokens shared a forward pass. Passes are then replayed:",
            "prefill passes are N consecutive prompt tokens of one sequence, decode passes one token of each of N",
            "sequences in key order (--tokens-per-pass)."
        })
public final class ReportCommand extends Verb {
    private static final String DEFAULT_OUTPUT = "./spark-moe-report";
    private static final String SUMMARY = "summary.json";
    private static final String PAGE = "report.html";

    @Mixin
    private InputOptions input = new InputOptions();

    @Option(names = "--demo", description = "Reports on a bundled recording; replaces its own earlier output.")
    private boolean demo;

    @Option(
            names = "--output",
            paramLabel = "DIR",
            defaultValue = DEFAULT_OUTPUT,
            description = "Folder to write, on any Hadoop file system. Default: ${DEFAULT-VALUE}.")
    private String output = DEFAULT_OUTPUT;

    @Option(names = "--overwrite", description = "Replaces an earlier report in the output folder.")
    private boolean overwrite;

    @Option(
            names = "--ep-size",
            paramLabel = "R",
            converter = PositiveInt.class,
            description = "Expert-parallel ranks, for the rank metrics: experts in contiguous blocks of E / R.")
    private @Nullable Integer epSize;

    @Option(
            names = "--block-sizes",
            paramLabel = "B,...",
            split = ",",
            defaultValue = "16,32,64,128,256",
            converter = PositiveInt.class,
            description = "Block sizes to pad to. Default: ${DEFAULT-VALUE}.")
    private List<Integer> blockSizes = new ArrayList<>();

    @Option(
            names = "--tokens-per-pass",
            paramLabel = "N,...",
            split = ",",
            defaultValue = "1,8,64,512,4096",
            converter = PositiveInt.class,
            description = "Pass sizes to replay. Default: ${DEFAULT-VALUE}.")
    private List<Integer> tokensPerPass = new ArrayList<>();

    @Option(
            names = "--exclude-cached",
            description = "Leaves out tokens whose routing an earlier request had computed (cached prefixes).")
    private boolean excludeCached;

    @Option(
            names = "--sample",
            paramLabel = "F",
            defaultValue = "1",
            description = "Reports on this share of the sequences, drawn by their key. Default: all.")
    private double sample = 1;

    @Option(
            names = "--on-bad-rows",
            paramLabel = "POLICY",
            defaultValue = "fail",
            description = "fail: stop at the first record that cannot be used, naming file, record and position. "
                    + "quarantine: put such rows into quarantine/, go on, and exit with 3. Default: ${DEFAULT-VALUE}.")
    private BadRows badRows = BadRows.fail;

    @Override
    void check() {
        if (demo == !input.input().isEmpty()) {
            throw usage(demo ? "--demo brings its own input: leave --input out" : "--input is missing (or --demo)");
        }
        if (!(sample > 0 && sample <= 1)) {
            throw usage("--sample must be above 0 and at most 1, got " + sample);
        }
    }

    @Override
    int run(SparkSession spark, Progress progress) throws IOException {
        if (!demo) {
            return report(spark, progress);
        }
        try (Demo files = new Demo()) {
            files.applyTo(input);
            return report(spark, progress);
        }
    }

    private int report(SparkSession spark, Progress progress) throws IOException {
        long start = System.nanoTime();
        try (OutputFolder folder = OutputFolder.open(
                output, overwrite || demo, SUMMARY, spark.sessionState().newHadoopConf())) {
            UsableTrace trace = open(spark, progress);
            ReportModel model = new ReportBuilder(trace, epSize, excludeCached, inputName())
                    .build(progress, tokensPerPass, blockSizes, start, "spark-moe " + commandLine());
            progress.step("Writing the report", () -> write(folder, model, trace));
            folder.commit();
            ReportSummary summary = new ReportSummary(out());
            summary.print(model);
            summary.paths(folder.shown(PAGE), folder.shown(SUMMARY), folder.shown("tables"));
            return trace.leftOut() ? QUARANTINED : DONE;
        }
    }

    private UsableTrace open(SparkSession spark, Progress progress) {
        boolean mark = badRows == BadRows.quarantine;
        Trace trace = Trace.open(spark, input, mark, progress).sampled(sample);
        AuditResult found = trace.inBlockOrder(progress).audit(input, progress);
        AuditResult audit = demo ? found.named(Demo::sourceName) : found;
        UsableTrace usable = UsableTrace.of(trace, audit, badRows, excludeCached);
        if (epSize != null && usable.numExperts() % epSize != 0) {
            throw usage("--ep-size " + epSize + " does not divide the " + usable.numExperts() + " experts");
        }
        return usable;
    }

    /** What the report says it read, and of which model. */
    private ReportBuilder.Names inputName() {
        String config = input.modelConfig();
        return demo
                ? new ReportBuilder.Names(List.of("the bundled demo"), "demo model")
                : new ReportBuilder.Names(input.input(), config == null ? "" : config);
    }

    private void write(OutputFolder folder, ReportModel model, UsableTrace trace) {
        new ReportTables(trace.trace().spark(), folder).write(model, trace.audit());
        if (trace.quarantined() > 0) {
            trace.writeQuarantine(folder.part("quarantine"));
        }
        try (OutputStream json = folder.create(SUMMARY);
                OutputStream page = folder.create(PAGE)) {
            SummaryJson.write(model, json);
            page.write(ReportPage.render(model, OverallMetrics.definitions()).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UserError("cannot write the report: " + e.getMessage(), e);
        }
    }
}

package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.passes.PassKey;
import io.sparkmoe.spark.jobs.passes.PassTotals;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.report.ReportModel;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
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
            "With --all also co-activation, transitions, capacity and windows, all from one read of the recording; their",
            "tables are coactivation, transitions, capacity and windows, as the verbs of these names write them.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe report --demo",
            "  spark-moe report --input 'dump/*.jsonl.gz' --model-config config.json --output report/",
            "  spark-moe report --input traces/trace --ep-size 8 --block-sizes 64,128 --overwrite",
            "  spark-moe report --all --input traces/trace --windows 16 --factors 1,1.25,1.5",
            "  spark-moe report --all --input traces/trace --explain-plan",
            "",
            "SGLang's and vLLM's responses do not say which tokens shared a forward pass. Passes are then replayed:",
            "prefill passes are N consecutive prompt tokens of one sequence, decode passes one token of each of N",
            "sequences in key order (--tokens-per-pass)."
        })
public final class ReportCommand extends ScanVerb {
    private static final int WINDOWS = 32;

    @Option(
            names = "--all",
            description =
                    "Every analysis, over one read of the trace: also co-activation, transitions to the next layer, "
                            + "capacity and windows.")
    private boolean all;

    @Mixin
    private RankOptions ranks = new RankOptions();

    @Mixin
    private BlockOptions blocks = new BlockOptions();

    @Mixin
    private PassOptions passes = new PassOptions();

    @Mixin
    private FactorOptions factors = new FactorOptions();

    @Mixin
    private WindowOptions windows = new WindowOptions();

    @Override
    void check() {
        super.check();
        factors.check(this);
        windows.check(this);
        if (!all && scan.explainPlan()) {
            throw usage("--explain-plan is of --all: give both");
        }
    }

    @Override
    ScanRequest request() {
        return new ScanRequest()
                .coactivation()
                .transitions(1)
                .windows(windows.or(WINDOWS))
                .passes(options());
    }

    private ReplayOptions options() {
        return new ReplayOptions(1, 1, passes.tokensPerPass(), blocks.blockSizes(), factors.factors());
    }

    @Override
    Analysis analyse(SparkSession spark, Progress progress) throws IOException {
        return all
                ? super.analyse(spark, progress)
                : loadAndPadding(rows.usable(spark, input, sourceNames(), progress), progress);
    }

    private Analysis loadAndPadding(UsableTrace trace, Progress progress) {
        Integer epSize = ranks.of(this, trace);
        Analysis found = new Analysis(List.of(trace), names());
        Map<Integer, long[]> load = progress.step("Counting expert load", () -> ExpertLoadJob.run(trace));
        if (!rows.excludeCached()) {
            ExpertLoadJob.requireAgreement(load, trace.audit());
        }
        LoadReport.add(found, load, epSize);
        List<ReportModel.Padding> padding = progress.step(
                "Replaying forward passes", () -> PaddingJob.run(trace, passes.tokensPerPass(), blocks.blockSizes()));
        PaddingJob.add(found, padding);
        return found;
    }

    @Override
    void report(Analysis found, OneRead read, Progress progress) {
        LoadReport.add(found, read.counts(), ranks.of(this, read.trace()));
        Map<PassKey, PassTotals> totals = PassesJob.run(read, options(), progress);
        PaddingJob.add(found, PaddingJob.lines(totals, options().blockSizes()));
        CapacityReport.add(found, totals, options().factors());
        CoactivationReport.add(found, read, progress);
        TransitionsReport.add(found, read, 1, progress);
        WindowsReport.add(found, read, windows.or(WINDOWS), progress);
    }
}

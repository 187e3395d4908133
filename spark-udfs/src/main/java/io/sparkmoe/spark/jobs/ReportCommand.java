package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.report.ReportModel;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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
public final class ReportCommand extends TraceVerb {
    @Mixin
    private RankOptions ranks = new RankOptions();

    @Mixin
    private BlockOptions blocks = new BlockOptions();

    @Mixin
    private PassOptions passes = new PassOptions();

    @Override
    Analysis analyse(UsableTrace trace, Analysis.Names names, Progress progress) {
        Integer epSize = ranks.of(this, trace);
        Analysis found = new Analysis(List.of(trace), names);
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
}

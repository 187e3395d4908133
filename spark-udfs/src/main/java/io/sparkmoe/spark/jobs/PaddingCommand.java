package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code spark-moe padding}: what padding experts' tokens to whole blocks costs. */
@Command(
        name = "padding",
        description = {
            "Measures how many slots of grouped GEMMs stay empty because every expert's ids are padded to whole blocks.",
            "",
            "In the output folder: tables/padding (layer, phase, tokens_per_pass, block_size, passes, blocks, slots, used;",
            "waste = 1 - used / slots), tables/audit, summary.json and report.html.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe padding --demo",
            "  spark-moe padding --input traces/trace --block-sizes 16,64,128 --tokens-per-pass 1,64,2048",
            "",
            "Padding is a figure of a forward pass. Where the recorder names passes (step), a pass is all tokens of one",
            "(source, step, rank, layer). Elsewhere passes are replayed: prefill passes are N consecutive prompt tokens of",
            "one sequence, decode passes one token of each of N sequences in key order (--tokens-per-pass); the remainder",
            "is a smaller pass, and counted."
        })
public final class PaddingCommand extends ScanVerb {
    @Mixin
    private BlockOptions blocks = new BlockOptions();

    @Mixin
    private PassOptions passes = new PassOptions();

    private ReplayOptions options() {
        return new ReplayOptions(1, 1, passes.tokensPerPass(), blocks.blockSizes());
    }

    @Override
    ScanRequest request() {
        return new ScanRequest().passes(options());
    }

    @Override
    void report(Analysis found, OneRead read, Progress progress) {
        PaddingJob.add(
                found,
                PaddingJob.lines(
                        PassesJob.run(read, options(), progress), options().blockSizes()));
    }
}

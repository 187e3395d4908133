package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code spark-moe capacity}: what a limit on each expert's tokens would have dropped. */
@Command(
        name = "capacity",
        description = {
            "Says what a capacity limit on every expert would have dropped, for several capacity factors.",
            "",
            "In the output folder: tables/capacity (layer, phase, tokens_per_pass, factor, passes, ids, slots, dropped),",
            "tables/audit, summary.json and report.html with a curve a phase.",
            "",
            "An expert takes ceil(((T * k) / E) * factor) ids of a pass of T tokens, in IEEE double and this order, as",
            "Megatron computes it; slots = that times E, summed over passes. It keeps the earliest ids.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe capacity --demo",
            "  spark-moe capacity --input traces/trace --factors 1,1.25,1.5 --tokens-per-pass 512,4096",
            "",
            "Drop rate = dropped / ids; idle slots = 1 - (ids - dropped) / slots. Where the recorder names no passes they",
            "are replayed, as 'spark-moe padding --help' explains."
        })
public final class CapacityCommand extends ScanVerb {
    /** No padding is asked for, but a pass is always padded to something. */
    private static final List<Integer> NO_PADDING = List.of(1);

    @Mixin
    private FactorOptions factors = new FactorOptions();

    @Mixin
    private PassOptions passes = new PassOptions();

    @Override
    void check() {
        super.check();
        factors.check(this);
    }

    private ReplayOptions options() {
        return new ReplayOptions(1, 1, passes.tokensPerPass(), NO_PADDING, factors.factors());
    }

    @Override
    ScanRequest request() {
        return new ScanRequest().passes(options());
    }

    @Override
    void report(Analysis found, OneRead read, Progress progress) {
        CapacityReport.add(found, PassesJob.run(read, options(), progress), factors.factors());
    }
}

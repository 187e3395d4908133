package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.analysis.TransitionOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code spark-moe transitions}: from which expert of one layer to which of a later one tokens go. */
@Command(
        name = "transitions",
        description = {
            "Counts from which experts of one layer to which of a later layer tokens go.",
            "",
            "In the output folder: tables/transitions (from_layer, to_layer, from_expert, to_expert, count, share_of_row,",
            "per_token; zero counts are left out), tables/audit, summary.json and report.html with the flow between layers.",
            "",
            "count = (slot at the one layer, slot at the other) of the same token. share_of_row = count / all counts from",
            "from_expert, so that a row sums to 1; an even share is 1 / E. per_token = count / tokens that name from_expert,",
            "so that a row sums to k.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe transitions --demo",
            "  spark-moe transitions --input traces/trace --output flow/",
            "  spark-moe transitions --input traces/trace --lag 2",
            "  spark-moe transitions --input traces/trace --pairs all --explain-plan",
            "",
            "All pairs of 58 layers with 256 experts are 433 MB of sums a task; where they do not fit, the input is read",
            "several times for a part of the pairs each, as --explain-plan says."
        })
public final class TransitionsCommand extends ScanVerb {
    /** Which layers meet. */
    enum Pairs {
        /** A layer and the next one that routes (or the one --lag further). */
        adjacent,
        /** Every layer with every later one. */
        all
    }

    @Option(
            names = "--pairs",
            paramLabel = "P",
            defaultValue = "adjacent",
            description = "adjacent: a layer and the next MoE layer; all: every layer with every later one. Default: "
                    + "${DEFAULT-VALUE}.")
    private Pairs pairs = Pairs.adjacent;

    @Option(
            names = "--lag",
            paramLabel = "N",
            defaultValue = "1",
            converter = PositiveInt.class,
            description = "With adjacent: the N-th next MoE layer. Default: ${DEFAULT-VALUE}.")
    private int lag = 1;

    @Override
    void check() {
        super.check();
        if (pairs == Pairs.all && lag != 1) {
            throw usage("--lag says which later layer; with --pairs all every one counts: leave --lag out");
        }
    }

    private int effectiveLag() {
        return pairs == Pairs.all ? TransitionOptions.ALL_PAIRS : lag;
    }

    @Override
    ScanRequest request() {
        return new ScanRequest().transitions(effectiveLag());
    }

    @Override
    void report(Analysis found, OneRead read, Progress progress) {
        TransitionsReport.add(found, read, effectiveLag(), progress);
    }
}

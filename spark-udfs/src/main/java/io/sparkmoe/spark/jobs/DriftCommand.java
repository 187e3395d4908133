package io.sparkmoe.spark.jobs;

import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code spark-moe drift}: how far routing moved between checkpoints, or between windows of time. */
@Command(
        name = "drift",
        description = {
            "Says how far routing moved: between two checkpoints that routed the same sequences, token by token, or between",
            "windows of steps of one recording, by expert load.",
            "",
            "In the output folder: tables/drift (a layer's saturation, which is the mean share of a token's experts that both",
            "checkpoints choose, Jaccard, mismatch, cosine of expert load), tables/drift_tokens, tables/left_out (what did not",
            "line up, by reason), tables/audit, summary.json and report.html.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nHow the two sides meet:%n",
        footer = {
            "  By sequence (--left-key, --right-key) and position, however either side cuts its rows. Sequences, positions",
            "  or layers that one side lacks, and sequences that one side has twice, are counted in left_out and not",
            "  compared. Another topk or num_experts is an error.",
            "",
            "Examples:",
            "  spark-moe drift --left early.parquet --right final.parquet --model-config config.json",
            "  spark-moe drift --input actives/ --recorder flame --compare checkpoint 540 2700 5473",
            "  spark-moe drift --input trace/ --window-steps 1000 --output drift/"
        })
public final class DriftCommand extends CompareVerb {
    @Option(
            names = "--window-steps",
            paramLabel = "N",
            converter = PositiveInt.class,
            description =
                    "Instead of checkpoints, windows of N steps of --input: each window's expert load with the one "
                            + "before.")
    private @Nullable Integer windowSteps;

    @Override
    void check() {
        if (windowSteps != null && (pair.sides() || pair.parts())) {
            throw usage("--window-steps compares windows of one --input: leave --left, --right and --compare out");
        }
        if (windowSteps != null) {
            requireInput(input);
        } else if (!pair.sides() && !pair.parts()) {
            throw usage(
                    "--left and --right are missing: the two checkpoints (or --input with --compare or --window-steps)");
        }
        super.check();
    }

    @Override
    Analysis analyse(SparkSession spark, Progress progress) {
        return windowSteps == null
                ? super.analyse(spark, progress)
                : WindowDrift.analyse(this, open(spark, input, pair.leftKey(), progress), windowSteps, progress);
    }
}

package io.sparkmoe.spark.jobs;

import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;

/** {@code spark-moe mismatch}: training against inference routing of the same sequences. */
@Command(
        name = "mismatch",
        description = {
            "Compares two routings of the same sequences, such as training's and inference's, and says how often they",
            "choose other experts: a (token, layer) pair mismatches when its two top-k sets differ.",
            "",
            "In the output folder: tables/mismatch (a layer's pairs, equal sets, saturation, Jaccard, cosine of load),",
            "tables/mismatch_tokens (share of tokens with a differing layer, mean differing layers a token),",
            "tables/left_out (what did not line up, by reason), tables/audit, summary.json and report.html.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nHow the two sides meet:%n",
        footer = {
            "  By sequence (--left-key, --right-key) and position, however either side cuts its rows. Sequences, positions",
            "  or layers that one side lacks, and sequences that one side has twice, are counted in left_out and not",
            "  compared. Where both sides carry token ids they must agree; a token with another is counted as other_text.",
            "  Another topk or num_experts is an error.",
            "",
            "Examples:",
            "  spark-moe mismatch --left train/*.parquet --right 'rollouts/*.jsonl.gz' --model-config config.json",
            "  spark-moe mismatch --left train/ --left-key sample_id,choice --right rollouts/ --right-key request_id,choice",
            "  spark-moe mismatch --input both/ --compare engine megatron sglang --output mismatch/"
        })
public final class MismatchCommand extends CompareVerb {
    @Override
    void check() {
        if (!pair.sides() && !pair.parts()) {
            throw usage("--left and --right are missing: the two routings (or --input with --compare)");
        }
        super.check();
    }

    @Override
    Analysis analyse(SparkSession spark, Progress progress) {
        input.withTokenIds();
        return super.analyse(spark, progress);
    }
}

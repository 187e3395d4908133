package io.sparkmoe.spark.jobs;

import picocli.CommandLine.Command;

/** {@code spark-moe coactivation}: which experts the same token names. */
@Command(
        name = "coactivation",
        description = {
            "Counts, layer by layer, how many tokens name two experts together.",
            "",
            "In the output folder: tables/coactivation (layer, expert, with_expert, token_count, share, lift; pairs that no",
            "token names are left out), tables/audit, summary.json and report.html with a heat map a layer.",
            "",
            "share = token_count / tokens that name expert. lift = token_count * T / (tokens that name expert * tokens that",
            "name with_expert), T = tokens with a known id. Routing without preferences has lift E (k - 1) / (k (E - 1)),",
            "a little below 1, because a token names k different experts.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe coactivation --demo",
            "  spark-moe coactivation --input 'dump/*.jsonl.gz' --model-config config.json --output together/",
            "  spark-moe coactivation --input traces/trace --explain-plan",
            "",
            "Experts that are often named together are worth placing on one rank, or apart, depending on what is scarce.",
            "A token that repeats an expert counts once. docs/analyses.md has the other kinds (moe_coactivation)."
        })
public final class CoactivationCommand extends ScanVerb {
    @Override
    ScanRequest request() {
        return new ScanRequest().coactivation();
    }

    @Override
    void report(Analysis found, OneRead read, Progress progress) {
        CoactivationReport.add(found, read, progress);
    }
}

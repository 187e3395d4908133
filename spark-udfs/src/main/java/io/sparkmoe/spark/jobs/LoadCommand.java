package io.sparkmoe.spark.jobs;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code spark-moe load}: ids of each expert, and how even they are. */
@Command(
        name = "load",
        description = {
            "Counts how many ids each expert of each layer gets, and how evenly.",
            "",
            "In the output folder: tables/expert_load (layer, expert, count, share), tables/balance (a layer's imbalance,",
            "Gini, entropy, coverage and more, one column each), tables/audit, summary.json and report.html.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe load --demo",
            "  spark-moe load --input 'dump/*.jsonl.gz' --model-config config.json --output load/",
            "  spark-moe load --input traces/trace --ep-size 8 --overwrite",
            "",
            "Masked ids (-1) are left out of every count. docs/analyses.md defines each figure."
        })
public final class LoadCommand extends ScanVerb {
    @Mixin
    private RankOptions ranks = new RankOptions();

    @Override
    ScanRequest request() {
        return new ScanRequest();
    }

    @Override
    void report(Analysis found, OneRead read, Progress progress) {
        LoadReport.add(found, read.counts(), ranks.of(this, read.trace()));
    }
}

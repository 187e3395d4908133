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
            "Gini, entropy, coverage and more, one column each), tables/audit, summary.json and report.html; with --windows",
            "also tables/windows (unit, from_unit, to_unit, layer, expert, count): how the load moves over time.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe load --demo",
            "  spark-moe load --input 'dump/*.jsonl.gz' --model-config config.json --output load/",
            "  spark-moe load --input traces/trace --ep-size 8 --overwrite",
            "  spark-moe load --input traces/trace --windows 16",
            "",
            "Masked ids (-1) are left out of every count. docs/analyses.md defines each figure."
        })
public final class LoadCommand extends ScanVerb {
    @Mixin
    private RankOptions ranks = new RankOptions();

    @Mixin
    private WindowOptions windows = new WindowOptions();

    @Override
    void check() {
        super.check();
        windows.check(this);
    }

    @Override
    ScanRequest request() {
        return new ScanRequest().windows(windows.or(0));
    }

    @Override
    void report(Analysis found, OneRead read, Progress progress) {
        LoadReport.add(found, read.counts(), ranks.of(this, read.trace()));
        if (windows.or(0) > 0) {
            WindowsReport.add(found, read, windows.or(0), progress);
        }
    }
}

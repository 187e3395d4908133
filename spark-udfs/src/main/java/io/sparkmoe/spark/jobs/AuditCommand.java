package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.audit.Reasons;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code spark-moe audit}: what a recording holds and what is wrong with it. */
@Command(
        name = "audit",
        description = {
            "Says what a recording holds and what is wrong with it: one line a source and reason on stdout.",
            "Writes nothing. Records that cannot be used are counted, never skipped in silence.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nReasons:%n",
        footer = {
            "  read, used, quarantined   rows of the trace table; read = used + quarantined",
            "  masked                    ids that are -1 or NULL: the route is not known",
            "  out_of_range              ids outside [0, num_experts)",
            "  duplicate_ids             tokens that name an expert more than once",
            "  all_zero_layer            rows with every id 0: a dense layer, or nothing was recorded",
            "  stale_padding             8 or more consecutive tokens identical in all layers",
            "  layers_missing, layers_unequal, length_mismatch   token blocks that do not fit together",
            "  others                    why the reader could not use a record",
            "",
            "Example:",
            "  spark-moe audit --input 'dump/*.jsonl.gz' --model-config config.json --format csv"
        })
public final class AuditCommand extends Verb {
    @Mixin
    private InputOptions input = new InputOptions();

    @Option(
            names = "--format",
            paramLabel = "F",
            defaultValue = "table",
            description = "table (aligned), csv (with header) or json (one object a row). Default: ${DEFAULT-VALUE}.")
    private Format format = Format.table;

    @Override
    void check() {
        requireInput(input);
    }

    @Override
    int run(SparkSession spark, Progress progress) {
        Trace trace = Trace.open(spark, input, true, progress);
        AuditResult audit = trace.inBlockOrder(progress).audit(input, progress);
        new ResultPrinter(out(), err()).print(AuditTable.of(spark, audit), format);
        return audit.total(Reasons.QUARANTINED).records() > 0 ? QUARANTINED : DONE;
    }
}

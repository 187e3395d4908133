package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.audit.Reasons;
import io.sparkmoe.spark.jobs.audit.Tally;
import io.sparkmoe.spark.jobs.parquet.TraceParquetFormat;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code spark-moe convert}: a recording as a Parquet trace table with packed ids. */
@Command(
        name = "convert",
        description = {
            "Writes a recording as a trace table: Parquet with packed expert ids, which later jobs read many times faster.",
            "",
            "In the output folder: trace/ (the table), audit/ (what was found), quarantine/ (records that cannot be used)",
            "and manifest.json. A later run with the same folder adds the inputs that the manifest does not name.",
            ""
        },
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe convert --input 'dump/*.jsonl.gz' --model-config config.json --output traces/",
            "  spark-moe report --input traces/trace"
        })
public final class ConvertCommand extends Verb {
    @Mixin
    private InputOptions input = new InputOptions();

    @Option(
            names = "--output",
            paramLabel = "DIR",
            required = true,
            description = "Folder to write or add to, on any Hadoop file system.")
    private String output = "";

    @Option(names = "--overwrite", description = "Starts the folder over instead of adding to it.")
    private boolean overwrite;

    @Option(
            names = "--on-bad-rows",
            paramLabel = "POLICY",
            defaultValue = "fail",
            description = "fail: stop at the first record that cannot be used, naming file, record and position. "
                    + "quarantine: put such rows into quarantine/, go on, and exit with 3. Default: ${DEFAULT-VALUE}.")
    private BadRows badRows = BadRows.fail;

    @Override
    void check() {
        requireInput(input);
    }

    @Override
    int run(SparkSession spark, Progress progress) throws IOException {
        long start = System.nanoTime();
        List<Inputs.InputFile> found =
                Inputs.resolve(input.input(), spark.sessionState().newHadoopConf());
        try (ConvertFolder folder =
                ConvertFolder.open(output, overwrite, spark.sessionState().newHadoopConf())) {
            List<Inputs.InputFile> pending = folder.manifest().pending(found);
            if (pending.isEmpty()) {
                out().println("Nothing to do: all " + found.size() + " inputs are in " + folder.shown(Manifest.NAME));
                return DONE;
            }
            if (pending.size() < found.size()) {
                progress.say((found.size() - pending.size()) + " of " + found.size() + " inputs were converted before");
            }
            return convert(spark, progress, folder, pending, start);
        }
    }

    private int convert(
            SparkSession spark, Progress progress, ConvertFolder folder, List<Inputs.InputFile> files, long start)
            throws IOException {
        List<String> paths = files.stream().map(Inputs.InputFile::path).toList();
        Trace trace = Trace.open(spark, input, files, paths, badRows == BadRows.quarantine, progress)
                .inBlockOrder(progress);
        AuditResult audit = trace.audit(input, progress);
        UsableTrace usable = UsableTrace.of(trace, audit, badRows, false);
        progress.step(
                "Writing the trace table",
                () -> Trace.packed(usable.rows())
                        .write()
                        .format(TraceParquetFormat.class.getName())
                        .options(writerOptions(audit))
                        .save(folder.part("trace")));
        progress.step("Writing the audit", () -> {
            AuditTable.of(spark, audit).coalesce(1).write().parquet(folder.part("audit"));
            if (usable.quarantined() > 0) {
                usable.writeQuarantine(folder.part("quarantine"));
            }
        });
        long written = folder.bytesWritten();
        folder.commit(files);
        print(folder, trace, audit, written, (System.nanoTime() - start) / 1e9);
        return usable.leftOut() ? QUARANTINED : DONE;
    }

    /** Row groups end between token blocks; with incomplete blocks no number of rows says where, so nothing is promised. */
    private static Map<String, String> writerOptions(AuditResult audit) {
        boolean incomplete = audit.total(Reasons.LAYERS_MISSING).records() > 0
                || audit.total(Reasons.LAYERS_UNEQUAL).records() > 0
                || audit.total(Reasons.LENGTH_MISMATCH).records() > 0;
        Tally used = audit.total(Reasons.USED);
        double rowBytes = 2.0 * used.ids() / Math.max(1, used.records());
        return incomplete
                ? Map.of()
                : TraceParquetFormat.wholeBlocks(audit.layers().size(), rowBytes);
    }

    private void print(ConvertFolder folder, Trace trace, AuditResult audit, long written, double seconds) {
        Tally used = audit.total(Reasons.USED);
        line("Read", Words.count(trace.files().size()) + " files, " + Words.bytes(trace.bytes()));
        line(
                "Wrote",
                Words.count(used.records()) + " rows, " + Words.count(used.ids()) + " expert ids, "
                        + Words.bytes(written));
        line("Put aside", Words.count(audit.total(Reasons.QUARANTINED).records()) + " rows");
        line(
                "Rate",
                String.format(
                        Locale.ROOT,
                        "%s/s in, %,.0f rows/s (%.1f s)",
                        Words.bytes(trace.bytes() / seconds),
                        used.records() / seconds,
                        seconds));
        line("Table", folder.shown("trace"));
    }

    private void line(String name, String value) {
        out().printf("%-10s %s%n", name, value);
        out().flush();
    }
}

package io.sparkmoe.spark;

import io.sparkmoe.spark.jobs.AuditCommand;
import io.sparkmoe.spark.jobs.CapacityCommand;
import io.sparkmoe.spark.jobs.CoactivationCommand;
import io.sparkmoe.spark.jobs.CommandErrors;
import io.sparkmoe.spark.jobs.ConvertCommand;
import io.sparkmoe.spark.jobs.DoctorCommand;
import io.sparkmoe.spark.jobs.DriftCommand;
import io.sparkmoe.spark.jobs.LoadCommand;
import io.sparkmoe.spark.jobs.MismatchCommand;
import io.sparkmoe.spark.jobs.PaddingCommand;
import io.sparkmoe.spark.jobs.ReportCommand;
import io.sparkmoe.spark.jobs.SpecializationCommand;
import io.sparkmoe.spark.jobs.SqlCommand;
import io.sparkmoe.spark.jobs.TransitionsCommand;
import io.sparkmoe.spark.jobs.VersionText;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The command line: {@code spark-moe VERB ...}, also by {@code spark-submit --class io.sparkmoe.spark.Main JAR VERB ...}.
 *
 * <p>stdout carries the result alone; progress, logs and errors go to stderr. Exit codes: 0 done, 1 failed, 2 usage, 3
 * done with rows quarantined.
 */
@Command(
        name = "spark-moe",
        description = "Analyses recorded mixture-of-experts routing on Apache Spark.",
        subcommands = {
            ReportCommand.class,
            LoadCommand.class,
            CoactivationCommand.class,
            TransitionsCommand.class,
            PaddingCommand.class,
            CapacityCommand.class,
            DriftCommand.class,
            MismatchCommand.class,
            SpecializationCommand.class,
            ConvertCommand.class,
            AuditCommand.class,
            SqlCommand.class,
            DoctorCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = VersionText.class,
        synopsisSubcommandLabel = "VERB",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed; stderr says why in plain words, --verbose adds the stack trace",
            "2:the command line was not understood",
            "3:done, but rows were put aside as unusable (--on-bad-rows quarantine)"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spark-moe report --demo",
            "  spark-moe report --input 'dump/*.jsonl.gz' --model-config config.json",
            "  spark-moe convert --input s3a://bucket/dump/ --model-config config.json --output traces/",
            "  spark-moe sql --input traces/ -e 'SELECT layer, moe_expert_load(topk_ids, 64) FROM trace GROUP BY layer'",
            "",
            "'spark-moe VERB --help' explains a verb."
        })
public final class Main implements Runnable {
    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    private Main() {}

    /** Runs a command line and ends the JVM with its exit code. */
    public static void main(String[] args) {
        System.exit(run(args));
    }

    /**
     * Runs a command line in this JVM, on the standard streams.
     *
     * @return the exit code
     */
    public static int run(String... args) {
        return run(System.out, System.err, args);
    }

    /**
     * Runs a command line in this JVM.
     *
     * @param out receives the result alone
     * @param err receives progress and errors
     * @return the exit code
     */
    public static int run(PrintStream out, PrintStream err, String... args) {
        CommandLine line = new CommandLine(new Main())
                .setOut(writer(out))
                .setErr(writer(err))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setParameterExceptionHandler(CommandErrors::usage)
                .setExecutionExceptionHandler(CommandErrors::failure);
        return line.execute(args);
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(),
                "Which verb? One of " + String.join(", ", spec.subcommands().keySet()) + ".");
    }
}

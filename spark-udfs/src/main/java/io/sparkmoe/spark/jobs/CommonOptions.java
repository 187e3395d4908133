package io.sparkmoe.spark.jobs;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of every verb. */
public final class CommonOptions {
    @Option(
            names = "--master",
            paramLabel = "URL",
            description = "Spark master, such as local[4] or spark://host:7077. Default: what spark-submit set, else "
                    + "local[*], every core of this machine.")
    private @Nullable String master;

    @Option(
            names = "--conf",
            paramLabel = "K=V",
            description =
                    "A Spark setting; may be repeated. Examples: spark.moe.backend=cpu, spark.ui.enabled=true (Spark's web "
                            + "page, off on a local master unless asked for).")
    private Map<String, String> conf = new LinkedHashMap<>();

    @Option(names = "--verbose", description = "Spark's log at INFO and, on failure, the stack trace.")
    private boolean verbose;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    @SuppressWarnings("UnusedVariable") // picocli reads it
    private boolean help;

    @Nullable
    String master() {
        return master;
    }

    Map<String, String> conf() {
        return conf;
    }

    boolean verbose() {
        return verbose;
    }
}

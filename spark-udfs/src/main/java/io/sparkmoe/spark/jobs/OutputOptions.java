package io.sparkmoe.spark.jobs;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Option;

/** Where a result goes. */
public final class OutputOptions {
    /** The file by which an output folder is known as ours. */
    static final String SUMMARY = "summary.json";

    private static final String DEFAULT = "./spark-moe-report";

    @Option(
            names = "--output",
            paramLabel = "DIR",
            defaultValue = DEFAULT,
            description = "Folder to write, on any Hadoop file system. Default: ${DEFAULT-VALUE}.")
    private String output = DEFAULT;

    @Option(names = "--overwrite", description = "Replaces an earlier result in the output folder.")
    private boolean overwrite;

    /** Prepares the folder; {@code replace} replaces an earlier result also where the user did not ask for it. */
    OutputFolder open(boolean replace, Configuration conf) throws IOException {
        return OutputFolder.open(output, overwrite || replace, SUMMARY, conf);
    }
}

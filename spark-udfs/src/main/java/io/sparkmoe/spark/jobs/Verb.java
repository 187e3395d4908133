package io.sparkmoe.spark.jobs;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A verb that needs Spark: opens the session, runs, and stops the session before the exit code is returned. */
abstract class Verb implements Callable<Integer> {
    static final int DONE = 0;
    static final int QUARANTINED = 3;

    @Mixin
    CommonOptions common = new CommonOptions();

    @Spec
    CommandSpec spec;

    /** Checks the options before Spark starts. */
    void check() {}

    /** Does the work and returns the exit code. */
    abstract int run(SparkSession spark, Progress progress) throws Exception;

    @Override
    public final Integer call() throws Exception {
        check();
        try (JobSession session = JobSession.open(common, spec.name())) {
            return run(session.spark(), new Progress(err(), session.spark().sparkContext()));
        }
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    /** The error for a command line that cannot be followed. */
    ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** Requires an input. */
    void requireInput(InputOptions input) {
        if (input.input().isEmpty()) {
            throw usage("--input is missing: name files, folders or globs to read");
        }
    }

    /** The command line as given, for the record. */
    String commandLine() {
        return String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
    }
}

package io.sparkmoe.spark.jobs;

import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** An analysis of one recording, or of the bundled one. */
abstract class TraceVerb extends AnalysisVerb {
    @Mixin
    InputOptions input = new InputOptions();

    @Option(names = "--demo", description = "Takes a bundled recording; replaces its own earlier output.")
    private boolean demo;

    /** Measures an audited recording; for verbs that have no way of their own to open it. */
    Analysis analyse(UsableTrace trace, Analysis.Names names, Progress progress) {
        throw new IllegalStateException(getClass() + " opens recordings itself");
    }

    @Override
    void check() {
        if (demo == !input.input().isEmpty()) {
            throw usage(demo ? "--demo brings its own input: leave --input out" : "--input is missing (or --demo)");
        }
        super.check();
    }

    @Override
    boolean replacesOutput() {
        return demo;
    }

    @Override
    int run(SparkSession spark, Progress progress) throws Exception {
        if (!demo) {
            return opened(spark, progress);
        }
        try (Demo files = new Demo()) {
            files.applyTo(input);
            return opened(spark, progress);
        }
    }

    /** Runs with an input that is there. */
    int opened(SparkSession spark, Progress progress) throws Exception {
        return super.run(spark, progress);
    }

    @Override
    Analysis analyse(SparkSession spark, Progress progress) throws IOException {
        return analyse(rows.usable(spark, input, sourceNames(), progress), names(), progress);
    }

    /** What the audit calls the sources. */
    UnaryOperator<String> sourceNames() {
        return demo ? Demo::sourceName : UnaryOperator.identity();
    }

    /** What the result says it read, and of which model. */
    Analysis.Names names() {
        String config = input.modelConfig();
        return demo
                ? new Analysis.Names(List.of("the bundled demo"), "demo model")
                : new Analysis.Names(input.input(), config == null ? "" : config);
    }
}

package io.sparkmoe.spark.jobs;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;

/** Names each step on stderr and in Spark's job list, with the time it took. */
final class Progress {
    private final PrintWriter err;
    private final SparkContext context;

    Progress(PrintWriter err, SparkContext context) {
        this.err = err;
        this.context = context;
    }

    /** Runs a step. */
    <T> T step(String words, Supplier<T> work) {
        long start = System.nanoTime();
        context.setJobDescription(words);
        context.setCallSite(words);
        try {
            T result = work.get();
            say(String.format(Locale.ROOT, "%s: %.1f s", words, (System.nanoTime() - start) / 1e9));
            return result;
        } finally {
            context.setJobDescription(null);
            context.clearCallSite();
        }
    }

    /** A step without a result. */
    void step(String words, Runnable work) {
        step(words, () -> {
            work.run();
            return true;
        });
    }

    /** One line of progress. */
    void say(String line) {
        err.println(line);
    }
}

package io.sparkmoe.spark.jobs;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Windows of time for expert load. */
public final class WindowOptions {
    private static final int MOST = 1000;

    @Option(
            names = "--windows",
            paramLabel = "N",
            converter = PositiveInt.class,
            description =
                    "Expert load over at most N windows, equally wide: of steps where the recorder names them, else of "
                            + "token positions in the sequence. The width is the least power of two that does.")
    private @Nullable Integer windows;

    /** The number asked for, or {@code fallback}. */
    int or(int fallback) {
        return windows == null ? fallback : windows;
    }

    /** Checks the options of a verb. */
    void check(Verb verb) {
        if (windows != null && windows > MOST) {
            throw verb.usage("--windows must be at most " + MOST + ", got " + windows);
        }
    }
}

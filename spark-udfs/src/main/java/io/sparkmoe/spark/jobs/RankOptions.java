package io.sparkmoe.spark.jobs;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Expert-parallel ranks, for the metrics that need them. */
public final class RankOptions {
    @Option(
            names = "--ep-size",
            paramLabel = "R",
            converter = PositiveInt.class,
            description = "Expert-parallel ranks, for the rank metrics: experts in contiguous blocks of E / R.")
    private @Nullable Integer epSize;

    /** The ranks, or null where none were given; they must divide the experts. */
    @Nullable
    Integer of(Verb verb, UsableTrace trace) {
        if (epSize != null && trace.numExperts() % epSize != 0) {
            throw verb.usage("--ep-size " + epSize + " does not divide the " + trace.numExperts() + " experts");
        }
        return epSize;
    }
}

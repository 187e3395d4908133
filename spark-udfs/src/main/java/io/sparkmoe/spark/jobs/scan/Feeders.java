package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.jobs.passes.ReplayOptions;

/** The analyses that a scan can be asked for. */
public final class Feeders {
    private Feeders() {}

    /** Expert load by layer, and what co-activation and transitions need to know of it. */
    public static FeederPlan load() {
        return LoadFeeder::new;
    }

    /** Co-activation of the layers of one part. */
    public static FeederPlan coactivation(int part, int parts) {
        Part own = new Part(part, parts);
        return task -> new CoactivationFeeder(task, own);
    }

    /**
     * Transitions of one part of the layer pairs.
     *
     * @param lag as {@link io.sparkmoe.core.analysis.TransitionOptions#lag}
     */
    public static FeederPlan transitions(int lag, int part, int parts) {
        Part own = new Part(part, parts);
        return task -> new TransitionFeeder(task, lag, own);
    }

    /** Expert load over at most so many windows of steps, or of token positions. */
    public static FeederPlan windows(int most) {
        return task -> new WindowFeeder(task, most);
    }

    /**
     * Forward passes, recorded and replayed.
     *
     * @param options its model is not read
     * @param whole whether no sequence goes on in another task
     */
    public static FeederPlan passes(ReplayOptions options, boolean whole) {
        return task -> new PassFeeder(task, options, whole);
    }
}

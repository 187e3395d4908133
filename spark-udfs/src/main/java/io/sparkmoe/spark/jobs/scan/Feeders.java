package io.sparkmoe.spark.jobs.scan;

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
}

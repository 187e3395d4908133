package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import io.sparkmoe.spark.jobs.scan.FeederPlan;
import io.sparkmoe.spark.jobs.scan.Feeders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The analyses that one read is asked for; expert load comes with every one. */
final class ScanRequest {
    private boolean coactivation;
    private @Nullable Integer lag;
    private @Nullable ReplayOptions passes;
    private int windows;

    ScanRequest coactivation() {
        coactivation = true;
        return this;
    }

    /** Transitions; {@code newLag} as {@link io.sparkmoe.core.analysis.TransitionOptions#lag}. */
    ScanRequest transitions(int newLag) {
        lag = newLag;
        return this;
    }

    /** Forward passes; the model that {@code options} name is not read. */
    ScanRequest passes(ReplayOptions options) {
        passes = options;
        return this;
    }

    /** Load over at most so many windows; 0 for none. */
    ScanRequest windows(int most) {
        windows = most;
        return this;
    }

    boolean wantsCoactivation() {
        return coactivation;
    }

    /** The lag of the transitions, or null where none are asked for. */
    @Nullable
    Integer lag() {
        return lag;
    }

    @Nullable
    ReplayOptions passes() {
        return passes;
    }

    int windows() {
        return windows;
    }

    /**
     * What one of several reads feeds: matrices by parts, everything else in the first read.
     *
     * @param whole whether no sequence is read by two tasks
     */
    List<FeederPlan> feeders(int read, int reads, boolean whole) {
        List<FeederPlan> out = new ArrayList<>();
        if (read == 0) {
            out.add(Feeders.load());
            if (windows > 0) {
                out.add(Feeders.windows(windows));
            }
            if (passes != null) {
                out.add(Feeders.passes(passes, whole));
            }
        }
        if (coactivation) {
            out.add(Feeders.coactivation(read, reads));
        }
        if (lag != null) {
            out.add(Feeders.transitions(lag, read, reads));
        }
        return out;
    }
}

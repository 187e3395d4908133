package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.scan.FeederPlan;
import io.sparkmoe.spark.jobs.scan.Feeders;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The analyses that one read is asked for; expert load comes with every one. */
final class ScanRequest {
    private boolean coactivation;
    private @Nullable Integer lag;

    ScanRequest coactivation() {
        coactivation = true;
        return this;
    }

    /** Transitions; {@code newLag} as {@link io.sparkmoe.core.analysis.TransitionOptions#lag}. */
    ScanRequest transitions(int newLag) {
        lag = newLag;
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

    /** What one of several reads feeds: matrices by parts, everything else in the first read. */
    List<FeederPlan> feeders(int read, int reads) {
        List<FeederPlan> out = new ArrayList<>();
        if (read == 0) {
            out.add(Feeders.load());
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

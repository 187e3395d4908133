package io.sparkmoe.spark.jobs;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Capacity factors to try. */
public final class FactorOptions {
    @Option(
            names = "--factors",
            paramLabel = "F,...",
            split = ",",
            defaultValue = "1,1.1,1.25,1.5,2",
            description = "Capacity factors: an expert takes ceil(((T * k) / E) * F) ids of a pass. Default: "
                    + "${DEFAULT-VALUE}.")
    private List<Double> factors = new ArrayList<>();

    /** The factors, ascending. */
    List<Double> factors() {
        return factors.stream().distinct().sorted().toList();
    }

    /** Checks the options of a verb. */
    void check(Verb verb) {
        for (double f : factors) {
            if (!(f > 0) || Double.isInfinite(f)) {
                throw verb.usage("--factors must all be finite and above 0, got " + f);
            }
        }
    }
}

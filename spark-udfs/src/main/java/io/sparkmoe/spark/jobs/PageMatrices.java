package io.sparkmoe.spark.jobs;

import java.util.LinkedHashSet;
import java.util.List;

/**
 * Which E x E matrices the driver collects for the page: all of them while they are few, else some that lie evenly between
 * the first and the last. The table has every one.
 *
 * @param chosen what to collect; Spark sends it to its tasks
 * @param all how many there are
 */
record PageMatrices<T>(LinkedHashSet<T> chosen, int all) {
    /** Cells of all collected matrices: 64 MiB as int64. */
    private static final long CELLS = 8L << 20;

    /** @param keys layers or layer pairs, the most telling ones first where not all can be shown */
    static <T> PageMatrices<T> of(List<T> keys, int experts) {
        int most = (int) Math.max(1, CELLS / ((long) experts * experts));
        LinkedHashSet<T> chosen = new LinkedHashSet<>();
        int n = Math.min(most, keys.size());
        for (int i = 0; i < n; i++) {
            chosen.add(keys.get(n == 1 ? 0 : (int) ((long) i * (keys.size() - 1) / (n - 1))));
        }
        return new PageMatrices<>(chosen, keys.size());
    }

    /** Says on the page what it leaves out. */
    void note(Analysis found, String analysis, String what) {
        if (chosen.size() < all) {
            found.note(
                    analysis,
                    "The page shows " + chosen.size() + " of " + all + " " + what + "; tables/" + analysis
                            + " has all of them.");
        }
    }
}

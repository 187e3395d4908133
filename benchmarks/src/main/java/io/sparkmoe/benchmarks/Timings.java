package io.sparkmoe.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Times rivals in turn (A B C, A B C, ...), so that a machine whose speed drifts treats them alike; reports the median of
 * the rounds after the first ones, in which the JVM compiles. Results must agree between rivals.
 */
final class Timings {
    private final int rounds;
    private int warmUp = 4;
    private final Map<String, Callable<Object>> rivals = new LinkedHashMap<>();

    Timings(int rounds) {
        this.rounds = rounds;
    }

    /** Rounds that are run and not counted. */
    Timings warmUp(int rounds) {
        this.warmUp = rounds;
        return this;
    }

    Timings add(String name, Callable<Object> work) {
        rivals.put(name, work);
        return this;
    }

    /** Median seconds of each rival. */
    Map<String, Double> run() throws Exception {
        Map<String, List<Double>> seconds = new LinkedHashMap<>();
        Map<String, Object> results = new LinkedHashMap<>();
        for (int round = 0; round < warmUp + rounds; round++) {
            for (Map.Entry<String, Callable<Object>> rival : rivals.entrySet()) {
                System.gc();
                long start = System.nanoTime();
                Object result = rival.getValue().call();
                double taken = (System.nanoTime() - start) / 1e9;
                results.put(rival.getKey(), result);
                if (round >= warmUp) {
                    seconds.computeIfAbsent(rival.getKey(), k -> new ArrayList<>())
                            .add(taken);
                }
            }
        }
        if (results.values().stream().map(String::valueOf).distinct().count() > 1) {
            throw new IllegalStateException("the rivals disagree: " + results);
        }
        Map<String, Double> medians = new LinkedHashMap<>();
        seconds.forEach((name, all) -> medians.put(name, median(all)));
        return medians;
    }

    private static double median(List<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted.length % 2 == 1
                ? sorted[sorted.length / 2]
                : Arrays.stream(sorted, sorted.length / 2 - 1, sorted.length / 2 + 1)
                        .average()
                        .orElseThrow();
    }

    /** A markdown table: seconds, ids a second, and how many times slower than the first rival. */
    static String table(String title, long ids, Map<String, Double> medians) {
        double first = medians.values().iterator().next();
        StringBuilder out =
                new StringBuilder("\n### " + title + "\n\n| | s | M ids/s | times the first |\n|---|---|---|---|\n");
        medians.forEach((name, s) -> out.append(
                String.format(Locale.ROOT, "| %s | %.3f | %.0f | %.2f |\n", name, s, ids / s / 1e6, s / first)));
        return out.toString();
    }
}

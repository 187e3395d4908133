package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.AnalysisModel.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Windows of one unit as at most {@value #MAX_COLUMNS} columns by layers. Where there are more windows than columns, a
 * column stands for neighbouring ones and shows the most imbalanced: a mean would hide what the picture is for.
 *
 * @param columns [from, to] of each
 * @param peaks by layer and column; windows without ids have none
 */
record WindowGrid(String unit, int windows, List<Integer> layers, List<long[]> columns, List<Peak> peaks) {
    static final int MAX_COLUMNS = 96;

    /**
     * The busiest expert of a layer in the most imbalanced window of a column.
     *
     * @param imbalance its ids over the mean of all experts
     * @param from first unit of that window
     * @param to last unit of that window
     */
    record Peak(int layer, int column, double imbalance, int expert, long from, long to) {}

    static WindowGrid of(ReportModel model, String unit) {
        TreeMap<Long, Long> spans = new TreeMap<>();
        TreeSet<Integer> layers = new TreeSet<>();
        for (Window window : model.analyses().windows()) {
            if (window.unit().equals(unit)) {
                spans.merge(window.from(), window.to(), Math::max);
                layers.add(window.layer());
            }
        }
        List<Long> starts = List.copyOf(spans.keySet());
        List<long[]> columns = columns(starts, spans);
        Map<List<Integer>, Peak> peaks = new TreeMap<>(
                Comparator.<List<Integer>>comparingInt(key -> key.get(0)).thenComparingInt(key -> key.get(1)));
        for (Window window : model.analyses().windows()) {
            if (window.unit().equals(unit)) {
                int at = Collections.binarySearch(starts, window.from());
                add(window, column(at, starts.size(), columns.size()), peaks);
            }
        }
        return new WindowGrid(unit, starts.size(), List.copyOf(layers), columns, List.copyOf(peaks.values()));
    }

    private static int column(int window, int windows, int columns) {
        return (int) ((long) window * columns / windows);
    }

    private static List<long[]> columns(List<Long> starts, Map<Long, Long> spans) {
        int count = Math.min(MAX_COLUMNS, starts.size());
        List<long[]> columns = new ArrayList<>();
        for (int window = 0; window < starts.size(); window++) {
            long to = Objects.requireNonNull(spans.get(starts.get(window)));
            if (column(window, starts.size(), count) == columns.size()) {
                columns.add(new long[] {starts.get(window), to});
            } else {
                columns.get(columns.size() - 1)[1] = to;
            }
        }
        return columns;
    }

    private static void add(Window window, int column, Map<List<Integer>, Peak> peaks) {
        long[] counts = window.counts();
        int busiest = 0;
        for (int e = 1; e < counts.length; e++) {
            busiest = counts[e] > counts[busiest] ? e : busiest;
        }
        double sum = Arrays.stream(counts).asDoubleStream().sum();
        if (sum > 0) {
            double imbalance = counts[busiest] / sum * counts.length;
            Peak peak = new Peak(window.layer(), column, imbalance, busiest, window.from(), window.to());
            peaks.merge(List.of(window.layer(), column), peak, (a, b) -> b.imbalance() > a.imbalance() ? b : a);
        }
    }

    /** The largest number of windows in a column. */
    int windowsPerColumn() {
        return (windows + columns.size() - 1) / columns.size();
    }

    /** The middle layer's imbalance (the lower of two) in each column that has any. */
    double[] medians() {
        TreeMap<Integer, List<Double>> byColumn = new TreeMap<>();
        peaks.forEach(peak ->
                byColumn.computeIfAbsent(peak.column(), c -> new ArrayList<>()).add(peak.imbalance()));
        return byColumn.values().stream()
                .mapToDouble(values -> values.stream()
                        .sorted()
                        .skip((values.size() - 1) / 2)
                        .findFirst()
                        .orElseThrow())
                .toArray();
    }

    /** Each layer's most imbalanced window. */
    List<Peak> worstByLayer() {
        return layers.stream()
                .map(layer -> peaks.stream()
                        .filter(peak -> peak.layer() == layer)
                        .max(Comparator.comparingDouble(Peak::imbalance)))
                .flatMap(Optional::stream)
                .toList();
    }
}

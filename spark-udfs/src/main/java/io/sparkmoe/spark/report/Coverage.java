package io.sparkmoe.spark.report;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Top-N coverage as curves: the share of a layer's ids that its N hottest experts hold, N from 1 to num_experts,
 * for the least and most concentrated layer and the middle one at each N.
 */
final class Coverage {
    private final double[] lowest;
    private final double[] median;
    private final double[] highest;

    private Coverage(int experts) {
        lowest = new double[experts];
        median = new double[experts];
        highest = new double[experts];
    }

    static Coverage of(ReportModel model) {
        List<double[]> curves = model.layers().stream()
                .filter(layer -> layer.ids() > 0)
                .map(layer -> curve(layer.counts(), layer.ids()))
                .toList();
        int experts = curves.isEmpty() ? 0 : model.model().numExperts();
        Coverage coverage = new Coverage(experts);
        double[] column = new double[curves.size()];
        for (int n = 0; n < experts; n++) {
            for (int layer = 0; layer < column.length; layer++) {
                column[layer] = curves.get(layer)[n];
            }
            Arrays.sort(column);
            coverage.lowest[n] = column[0];
            coverage.median[n] = column[(column.length - 1) / 2];
            coverage.highest[n] = column[column.length - 1];
        }
        return coverage;
    }

    Map<String, double[]> curves() {
        Map<String, double[]> curves = new LinkedHashMap<>();
        curves.put("lowest", lowest);
        curves.put("median", median);
        curves.put("highest", highest);
        return curves;
    }

    private static double[] curve(long[] counts, long sum) {
        long[] sorted = counts.clone();
        Arrays.sort(sorted);
        double[] curve = new double[sorted.length];
        long held = 0;
        for (int n = 0; n < curve.length; n++) {
            held += sorted[sorted.length - 1 - n];
            curve[n] = (double) held / sum;
        }
        return curve;
    }
}

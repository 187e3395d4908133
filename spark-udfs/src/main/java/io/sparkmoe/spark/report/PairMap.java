package io.sparkmoe.spark.report;

import java.util.stream.IntStream;

/**
 * A layer's co-activation drawn small: experts, in some order, in at most so many bins; a cell holds how many times as
 * often as by uniform routing two bins are named together (sum of the pairs' tokens over the sum of those expected).
 * Pairs of an expert with itself are in no cell. The matrix is symmetric, so the lower triangle with the diagonal is kept,
 * row by row.
 */
final class PairMap {
    private final long[] counts;
    private final int experts;
    private final double scale;

    /** @param uniformLift above 0 */
    PairMap(AnalysisModel.Coactivation layer, int experts, double uniformLift) {
        this.counts = layer.tokenCounts();
        this.experts = experts;
        this.scale = layer.tokens() / uniformLift;
    }

    byte[] ofIds(int maxBins) {
        return of(IntStream.range(0, experts).toArray(), maxBins);
    }

    byte[] of(int[] order, int maxBins) {
        int bins = Math.min(maxBins, experts);
        double[] together = new double[bins * bins];
        double[] product = new double[bins * bins];
        for (int a = 0; a < experts; a++) {
            int i = order[a];
            int row = bin(a, bins) * bins;
            for (int b = 0; b < a; b++) {
                int cell = row + bin(b, bins);
                together[cell] += counts[i * experts + order[b]];
                product[cell] += (double) counts[i * experts + i] * counts[order[b] * experts + order[b]];
            }
        }
        byte[] cells = new byte[cells(bins)];
        int at = 0;
        for (int a = 0; a < bins; a++) {
            for (int b = 0; b <= a; b++) {
                cells[at++] = PackedCells.of(together[a * bins + b] / product[a * bins + b] * scale);
            }
        }
        return cells;
    }

    private int bin(int position, int bins) {
        return (int) ((long) position * bins / experts);
    }

    static int cells(int bins) {
        return bins * (bins + 1) / 2;
    }
}

package io.sparkmoe.spark.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * What a reader wants to know first, drawn from the model; the page's head and summary.json's highlights.
 *
 * @param mostImbalancedLayers layers by falling max / mean, at most {@value #TOP_LAYERS}; layers without ids left out
 * @param medianImbalance max / mean of the middle layer (the lower of two), or null without ids
 * @param hottestExperts experts by falling share of their layer, at most {@value #TOP_EXPERTS}
 * @param idleExperts (layer, expert) pairs that no id names, in layers that have ids
 * @param blockSizes padding over all layers for the passes that stand for decode and prefill
 */
record Findings(
        List<ExpertLoad> mostImbalancedLayers,
        @Nullable Double medianImbalance,
        List<ExpertLoad> hottestExperts,
        long idleExperts,
        List<BlockSizes> blockSizes) {
    static final int TOP_LAYERS = 5;
    static final int TOP_EXPERTS = 20;

    /** A decode batch of common size; the nearest tokens_per_pass stands for decode. */
    private static final int TYPICAL_DECODE = 64;

    private static final int TYPICAL_BLOCK_SIZE = 64;

    private static final Comparator<ExpertLoad> HOTTEST_FIRST = Comparator.comparingDouble(ExpertLoad::share)
            .reversed()
            .thenComparingInt(ExpertLoad::layer)
            .thenComparingInt(ExpertLoad::expert);

    /**
     * One expert of one layer.
     *
     * @param share of the layer's ids
     * @param timesUniform share * num_experts; for the layer's hottest expert this is max / mean
     */
    record ExpertLoad(int layer, int expert, long count, double share, double timesUniform) {}

    /** Waste of one kind of pass, one entry a block size, ascending. */
    record BlockSizes(String phase, int tokensPerPass, List<Waste> byBlockSize) {
        /** The entry for a block size that kernels often use, or the nearest to it. */
        Waste typical() {
            return Collections.min(
                    byBlockSize, Comparator.comparingInt(waste -> Math.abs(waste.blockSize() - TYPICAL_BLOCK_SIZE)));
        }
    }

    /** Share of padded slots that hold no id. */
    record Waste(int blockSize, double waste) {}

    static Findings of(ReportModel model) {
        PriorityQueue<ExpertLoad> hottest = new PriorityQueue<>(HOTTEST_FIRST.reversed());
        List<ExpertLoad> peaks = new ArrayList<>();
        long idle = 0;
        for (ReportModel.Layer layer : model.layers()) {
            long sum = layer.ids();
            if (sum > 0) {
                peaks.add(offerAll(layer, sum, hottest));
                idle += Arrays.stream(layer.counts()).filter(c -> c == 0).count();
            }
        }
        peaks.sort(HOTTEST_FIRST);
        List<ExpertLoad> sorted = new ArrayList<>(hottest);
        sorted.sort(HOTTEST_FIRST);
        return new Findings(
                List.copyOf(peaks.subList(0, Math.min(TOP_LAYERS, peaks.size()))),
                peaks.isEmpty() ? null : peaks.get(peaks.size() / 2).timesUniform(),
                List.copyOf(sorted),
                idle,
                blockSizes(model.padding()));
    }

    /** Keeps the hottest experts of all layers in the queue; returns this layer's hottest. */
    private static ExpertLoad offerAll(ReportModel.Layer layer, long sum, PriorityQueue<ExpertLoad> hottest) {
        long[] counts = layer.counts();
        ExpertLoad peak = load(layer.layer(), 0, counts[0], sum, counts.length);
        for (int expert = 0; expert < counts.length; expert++) {
            ExpertLoad load = load(layer.layer(), expert, counts[expert], sum, counts.length);
            peak = load.count() > peak.count() ? load : peak;
            if (load.count() > 0) {
                hottest.add(load);
            }
            if (hottest.size() > TOP_EXPERTS) {
                hottest.remove();
            }
        }
        return peak;
    }

    private static ExpertLoad load(int layer, int expert, long count, long sum, int experts) {
        double share = (double) count / sum;
        return new ExpertLoad(layer, expert, count, share, share * experts);
    }

    private static List<BlockSizes> blockSizes(List<ReportModel.Padding> padding) {
        List<BlockSizes> picks = new ArrayList<>();
        pick(padding, "decode", Comparator.comparingInt(n -> Math.abs(n - TYPICAL_DECODE)), picks);
        pick(padding, "prefill", Comparator.<Integer>reverseOrder(), picks);
        return List.copyOf(picks);
    }

    private static void pick(
            List<ReportModel.Padding> padding, String phase, Comparator<Integer> nearest, List<BlockSizes> picks) {
        List<ReportModel.Padding> rows = padding.stream()
                .filter(p -> p.layer() == null && p.phase().equals(phase) && p.slots() > 0)
                .toList();
        rows.stream()
                .map(ReportModel.Padding::tokensPerPass)
                .min(nearest)
                .ifPresent(n -> picks.add(new BlockSizes(
                        phase,
                        n,
                        rows.stream()
                                .filter(p -> p.tokensPerPass() == n)
                                .sorted(Comparator.comparingInt(ReportModel.Padding::blockSize))
                                .map(p -> new Waste(p.blockSize(), p.waste()))
                                .toList())));
    }
}

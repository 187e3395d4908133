package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.AnalysisModel.Agreement;
import io.sparkmoe.spark.report.AnalysisModel.Capacity;
import io.sparkmoe.spark.report.AnalysisModel.Coactivation;
import io.sparkmoe.spark.report.AnalysisModel.Comparison;
import io.sparkmoe.spark.report.AnalysisModel.Domain;
import io.sparkmoe.spark.report.AnalysisModel.LeftOut;
import io.sparkmoe.spark.report.AnalysisModel.Note;
import io.sparkmoe.spark.report.AnalysisModel.Transition;
import io.sparkmoe.spark.report.AnalysisModel.Vocabulary;
import io.sparkmoe.spark.report.AnalysisModel.Window;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Analyses with a structure that pictures should show, by a seed: experts in groups that are chosen together, each with
 * followers in the next layer, domains with experts of their own, load that wanders. Matrices are made when asked for.
 */
final class SampleAnalyses {
    private static final int TOPK = 8;
    private static final List<String> DOMAINS = List.of("code", "mathematics", "news", "law", "medicine", "dialogue");

    private final ReportModel model;
    private final int experts;
    private final long seed;

    private SampleAnalyses(ReportModel model, long seed) {
        this.model = model;
        this.experts = model.model().numExperts();
        this.seed = seed;
    }

    /** Every analysis, transitions between neighbouring layers. */
    static AnalysisModel of(ReportModel model, long seed) {
        return of(model, seed, false, 48, DOMAINS);
    }

    static AnalysisModel of(ReportModel model, long seed, boolean allPairs, int windows, List<String> domains) {
        SampleAnalyses made = new SampleAnalyses(model, seed);
        int layers = model.layers().size();
        List<int[]> pairs = new ArrayList<>();
        for (int from = 0; from < layers; from++) {
            for (int to = from + 1; to < (allPairs ? layers : Math.min(layers, from + 2)); to++) {
                pairs.add(new int[] {from, to});
            }
        }
        return new AnalysisModel(
                lazy(layers, made::coactivation),
                lazy(pairs.size(), i -> made.transition(pairs.get(i)[0], pairs.get(i)[1])),
                made.capacity(),
                lazy(layers * windows, i -> made.window(i % layers, i / layers, windows)),
                List.of(
                        made.comparison("drift", "early", "final", 0.35),
                        made.comparison("mismatch", "training", "inference", 0.02)),
                lazy(layers * domains.size(), i -> made.domain(i / domains.size(), i % domains.size(), domains)),
                IntStream.range(0, layers).mapToObj(made::vocabulary).toList(),
                List.of(new Note("comparison", "A sequence that only one side has is left out and counted.")));
    }

    static ReportModel with(ReportModel model, AnalysisModel analyses) {
        return new ReportModel(
                model.source(),
                model.model(),
                model.layers(),
                model.overall(),
                model.padding(),
                analyses,
                model.audit(),
                model.run());
    }

    private static <T> List<T> lazy(int size, IntFunction<T> element) {
        return new AbstractList<>() {
            @Override
            public T get(int index) {
                return element.apply(index);
            }

            @Override
            public int size() {
                return size;
            }
        };
    }

    private Random random(int kind, int layer) {
        return new Random(seed + 1_000_003L * kind + 7_919L * layer);
    }

    private int layer(int index) {
        return model.layers().get(index).layer();
    }

    /** The group of each expert: of about eight, scattered over the ids. */
    private int[] groups(int index) {
        int[] groups = IntStream.range(0, experts)
                .map(e -> e * Math.max(1, experts / 8) / experts)
                .toArray();
        shuffle(groups, random(1, index));
        return groups;
    }

    private static void shuffle(int[] values, Random random) {
        for (int e = values.length - 1; e > 0; e--) {
            int other = random.nextInt(e + 1);
            int swap = values[e];
            values[e] = values[other];
            values[other] = swap;
        }
    }

    private Coactivation coactivation(int index) {
        long[] load = model.layers().get(index).counts();
        long tokens = model.layers().get(index).ids() / TOPK;
        int[] groups = groups(index);
        Random random = random(2, index);
        double together = 0.4 + 2.4 * random.nextDouble();
        long[] counts = new long[experts * experts];
        for (int i = 0; i < experts; i++) {
            counts[i * experts + i] = load[i];
            for (int j = 0; j < i; j++) {
                int apart = Math.abs(groups[i] - groups[j]);
                double affinity =
                        (apart == 0 ? 1 + together : apart == 1 ? 1.15 : 0.8) * Math.exp(0.25 * random.nextGaussian());
                double expected = (double) load[i] / tokens * load[j] * affinity * 0.8;
                counts[i * experts + j] = Math.min(Math.min(load[i], load[j]), Math.round(expected));
                counts[j * experts + i] = counts[i * experts + j];
            }
        }
        return new Coactivation(layer(index), tokens, counts);
    }

    private Transition transition(int from, int to) {
        long[] left = model.layers().get(from).counts();
        long[] right = model.layers().get(to).counts();
        int[] leftGroups = groups(from);
        int[] rightGroups = groups(to);
        Random random = random(3, 1_000 * from + to);
        double pull = (0.5 + 1.5 * random.nextDouble()) / (to - from);
        long tokens = model.layers().get(from).ids() / TOPK;
        long[] counts = new long[experts * experts];
        for (int i = 0; i < experts; i++) {
            for (int j = 0; j < experts; j++) {
                double affinity = (leftGroups[i] == rightGroups[j] ? 1 + 3 * pull : 0.8)
                        * Math.exp(0.5 * pull * random.nextGaussian());
                counts[i * experts + j] = Math.round((double) left[i] / tokens * right[j] * affinity);
            }
        }
        return new Transition(layer(from), layer(to), counts);
    }

    private Window window(int index, int window, int windows) {
        long[] load = model.layers().get(index).counts();
        Random random = random(4, index);
        int surge = random.nextInt(experts);
        double middle = random.nextDouble() * windows;
        Random noise = random(5, index + 4_096 * window);
        long[] counts = new long[experts];
        for (int e = 0; e < experts; e++) {
            double near = Math.exp(-Math.pow((window - middle) / (0.08 * windows + 1), 2));
            double factor = (e == surge ? 1 + 3 * near : 1) * Math.exp(0.12 * noise.nextGaussian());
            counts[e] = Math.round(load[e] / (double) windows * factor);
        }
        return new Window("step", 100L * window, 100L * window + 99, layer(index), counts);
    }

    private Comparison comparison(String kind, String left, String right, double change) {
        Random random = random(6, kind.length());
        List<Agreement> agreements = new ArrayList<>();
        long differing = 0;
        for (int index = 0; index < model.layers().size(); index++) {
            long tokens = model.layers().get(index).ids() / TOPK;
            double overlap = 1 - change * (0.5 + random.nextDouble());
            long overlapSum = Math.round(tokens * TOPK * overlap);
            long equal = Math.round(tokens * Math.pow(overlap, TOPK));
            differing += tokens - equal;
            agreements.add(new Agreement(
                    layer(index),
                    TOPK,
                    tokens,
                    equal,
                    overlapSum,
                    2 * tokens * TOPK - overlapSum,
                    kind.equals("drift") ? Math.round(tokens * Math.pow(overlap, 1.4)) : null,
                    index % 3,
                    1 - change * change * random.nextDouble() / 2));
        }
        long tokens = agreements.get(0).tokens();
        return new Comparison(
                kind,
                left,
                right,
                tokens,
                Math.min(tokens - 40, differing * 9 / 10),
                differing,
                agreements,
                List.of(new LeftOut("only on the right side", 3, 1_204), new LeftOut("other_text", 1, 77)));
    }

    private Domain domain(int index, int domain, List<String> domains) {
        long[] load = model.layers().get(index).counts();
        long all = model.layers().get(index).ids() / TOPK;
        long tokens = all / (domain + 2);
        Random random = random(7, index + 512 * domain);
        Random owner = random(8, index);
        long[] counts = new long[experts];
        for (int e = 0; e < experts; e++) {
            boolean own = owner.nextInt(2 * domains.size()) == domain;
            double factor = (own ? 2 + random.nextDouble() : 0.9) * Math.exp(0.1 * random.nextGaussian());
            counts[e] = Math.min(tokens, Math.round((double) load[e] / all * tokens * factor));
        }
        return new Domain(domains.get(domain), layer(index), tokens, counts);
    }

    private Vocabulary vocabulary(int index) {
        Random random = random(9, index);
        double middle = 0.65 - 0.35 * index / model.layers().size() + 0.05 * random.nextDouble();
        long[] histogram = new long[20];
        long ids = 0;
        double sum = 0;
        for (int bin = 0; bin < histogram.length; bin++) {
            double share = (bin + 0.5) / 20;
            histogram[bin] = Math.round(2_400 * Math.exp(-Math.pow((share - middle) / 0.18, 2)));
            ids += histogram[bin];
            sum += histogram[bin] * share;
        }
        return new Vocabulary(layer(index), ids, 4_000 + index, 10, sum / ids, histogram);
    }

    private List<Capacity> capacity() {
        List<Capacity> rows = new ArrayList<>();
        for (String phase : List.of("prefill", "decode")) {
            for (int tokens : SampleReports.TOKENS_PER_PASS) {
                for (double factor : new double[] {1, 1.25, 1.5, 2, 3, 4}) {
                    long[] sums = new long[4];
                    for (int index = 0; index < model.layers().size(); index++) {
                        long[] of = dropped(index, tokens, factor, phase.equals("decode") ? 1 : 1.3);
                        Arrays.setAll(sums, i -> sums[i] + of[i]);
                        rows.add(new Capacity(layer(index), phase, tokens, factor, of[0], of[1], of[2], of[3]));
                    }
                    rows.add(new Capacity(null, phase, tokens, factor, sums[0], sums[1], sums[2], sums[3]));
                }
            }
        }
        return rows;
    }

    /** Passes whose ids follow the layer's loads: [passes, ids, slots, dropped]. */
    private long[] dropped(int index, int tokens, double factor, double spread) {
        long[] load = model.layers().get(index).counts();
        double all = model.layers().get(index).ids();
        long passes = Math.max(1, (long) (all / TOPK / tokens));
        long capacity = (long) Math.ceil((double) tokens * TOPK / experts * factor);
        Random random = random(10, index + tokens);
        double dropped = 0;
        for (long count : load) {
            double mean = tokens * TOPK * count / all;
            double shown = Math.min(tokens, mean + spread * Math.sqrt(mean) * Math.abs(random.nextGaussian()));
            dropped += Math.max(0, Math.min(mean, shown - capacity));
        }
        return new long[] {
            passes,
            passes * tokens * TOPK,
            passes * capacity * experts,
            (long) (passes * Math.min(dropped, tokens * TOPK))
        };
    }
}

package io.sparkmoe.spark.report;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Report models of realistic numbers: counts of a recorded model, or skewed ones of any size by a seed. */
final class SampleReports {
    static final int[] TOKENS_PER_PASS = {1, 8, 64, 512, 4096};
    static final int[] BLOCK_SIZES = {16, 32, 64, 128, 256};
    private static final int TOPK = 8;

    private SampleReports() {}

    /** Eight layers of 64 experts, as recorded. */
    static ReportModel recorded() {
        List<ReportModel.Layer> layers = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                SampleReports.class.getResourceAsStream("sample-counts.csv"), StandardCharsets.UTF_8))) {
            lines.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
                long[] fields = Arrays.stream(line.split(","))
                        .mapToLong(Long::parseLong)
                        .toArray();
                layers.add(layer((int) fields[0], Arrays.copyOfRange(fields, 1, fields.length)));
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return model(
                "sample-moe-8x64",
                layers,
                List.of(
                        new ReportModel.AuditLine("sample_sglang.jsonl.bz2", "cached tokens counted", 1, 96, 6144),
                        new ReportModel.AuditLine(
                                "sample_sglang.jsonl.bz2", "layer 0 is all zero: taken as dense", 33, 16858, 0)));
    }

    /** The same with every analysis, of seeded numbers. */
    static ReportModel analysed() {
        ReportModel model = recorded();
        return SampleAnalyses.with(model, SampleAnalyses.of(model, 5));
    }

    /** Zipf-like loads, each layer with a skew and an order of its own; some experts never chosen. */
    static ReportModel skewed(String name, int layers, int experts, long tokens, long seed) {
        Random random = new Random(seed);
        List<ReportModel.Layer> made = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            made.add(layer(3 + layer, zipf(experts, tokens * TOPK, 0.2 + 0.6 * random.nextDouble(), random)));
        }
        return model(name, made, List.of());
    }

    /** The model with every foreign string replaced. */
    static ReportModel named(ReportModel model, String text) {
        ReportModel.Source s = model.source();
        ReportModel.Run r = model.run();
        return new ReportModel(
                new ReportModel.Source(
                        List.of(text, text),
                        text,
                        s.files(),
                        s.bytes(),
                        s.rows(),
                        s.sequences(),
                        s.tokens(),
                        s.prefillTokens(),
                        s.decodeTokens(),
                        s.cachedTokens(),
                        s.cachedExcluded(),
                        s.ids(),
                        s.maskedIds(),
                        s.quarantined()),
                new ReportModel.Model(
                        text, model.model().numExperts(), TOPK, model.model().moeLayers(), null),
                model.layers(),
                model.overall(),
                model.padding(),
                AnalysisModel.NONE,
                List.of(new ReportModel.AuditLine(text, text, 1, 2, 3)),
                new ReportModel.Run(text, text, text, text, r.createdAt(), r.seconds(), text));
    }

    static ReportModel model(String name, List<ReportModel.Layer> layers, List<ReportModel.AuditLine> audit) {
        int experts = layers.get(0).counts().length;
        long ids = layers.stream().mapToLong(ReportModel.Layer::ids).sum();
        long tokens = layers.get(0).ids() / TOPK;
        return new ReportModel(
                new ReportModel.Source(
                        List.of("traces/sample_sglang.jsonl.bz2"),
                        "sglang",
                        1,
                        3_521_114,
                        34,
                        34,
                        tokens,
                        tokens - tokens / 3,
                        tokens / 3,
                        96,
                        false,
                        ids,
                        0,
                        0),
                new ReportModel.Model(
                        name,
                        experts,
                        TOPK,
                        layers.stream().map(ReportModel.Layer::layer).toList(),
                        null),
                layers,
                overall(layers),
                padding(layers),
                AnalysisModel.NONE,
                audit,
                new ReportModel.Run(
                        "0.1.0",
                        "4.2.0",
                        "17.0.15",
                        "cpu (auto: no CUDA driver on this machine)",
                        "2026-11-20T12:00:00Z",
                        21.4,
                        "spark-moe report --input traces/sample_sglang.jsonl.bz2 --recorder sglang --output report"));
    }

    static ReportModel.Layer layer(int layer, long... counts) {
        return new ReportModel.Layer(layer, counts, metrics(counts));
    }

    static Map<String, String> definitions() {
        Map<String, String> definitions = new LinkedHashMap<>();
        definitions.put(
                "imbalance_max_mean",
                "max_e c / mean_e c. 1 when loads are equal, num_experts when one expert gets all.");
        definitions.put(
                "max_vio", "(max_e c - mean_e c) / mean_e c, over all recorded tokens (DeepSeek's MaxVio, global).");
        definitions.put("cv", "Coefficient of variation: population standard deviation of c / mean of c.");
        definitions.put("gini", "sum_ij |c_i - c_j| / (2 E² mean).");
        definitions.put("entropy", "-sum_e p ln p in nats, p = c / sum c.");
        definitions.put("entropy_normalized", "entropy / ln E; undefined for E = 1.");
        definitions.put("effective_experts", "exp(entropy).");
        for (int n : new int[] {1, 4, 8, 16, 32}) {
            definitions.put("coverage_top_" + n, "Share of ids on the " + n + " hottest of all experts.");
        }
        return definitions;
    }

    private static Map<String, @Nullable Double> overall(List<ReportModel.Layer> layers) {
        Map<String, @Nullable Double> overall = new LinkedHashMap<>();
        for (String metric : List.of("imbalance_max_mean", "cv", "gini", "entropy_normalized")) {
            overall.put(
                    metric,
                    layers.stream()
                            .map(layer -> layer.metrics().get(metric))
                            .filter(value -> value != null && Double.isFinite(value))
                            .mapToDouble(Double::doubleValue)
                            .average()
                            .orElse(0));
        }
        return overall;
    }

    private static Map<String, @Nullable Double> metrics(long[] counts) {
        long[] sorted = counts.clone();
        Arrays.sort(sorted);
        int experts = counts.length;
        double sum = Arrays.stream(counts).sum();
        double mean = sum / experts;
        double squares =
                Arrays.stream(counts).mapToDouble(c -> (c - mean) * (c - mean)).sum();
        double entropy = Arrays.stream(counts)
                .filter(c -> c > 0)
                .mapToDouble(c -> -c / sum * Math.log(c / sum))
                .sum();
        double ranked = 0;
        for (int i = 0; i < experts; i++) {
            ranked += (2.0 * (i + 1) - experts - 1) * sorted[i];
        }
        Map<String, @Nullable Double> metrics = new LinkedHashMap<>();
        metrics.put("imbalance_max_mean", sorted[experts - 1] / mean);
        metrics.put("max_vio", sorted[experts - 1] / mean - 1);
        metrics.put("cv", Math.sqrt(squares / experts) / mean);
        metrics.put("gini", ranked / (experts * sum));
        metrics.put("entropy", entropy);
        metrics.put("entropy_normalized", entropy / Math.log(experts));
        metrics.put("effective_experts", Math.exp(entropy));
        for (int n : new int[] {1, 4, 8, 16, 32}) {
            metrics.put(
                    "coverage_top_" + n,
                    Arrays.stream(sorted, Math.max(0, experts - n), experts).sum() / sum);
        }
        metrics.put("rank_imbalance_max_mean", null);
        return metrics;
    }

    private static long[] zipf(int experts, long ids, double skew, Random random) {
        double[] weights = new double[experts];
        for (int e = 0; e < experts; e++) {
            weights[e] = e == experts - 1 ? 0 : Math.pow(e + 2.0, -skew) * (0.7 + 0.6 * random.nextDouble());
        }
        for (int e = experts - 1; e > 0; e--) {
            int other = random.nextInt(e + 1);
            double swap = weights[e];
            weights[e] = weights[other];
            weights[other] = swap;
        }
        double sum = Arrays.stream(weights).sum();
        return Arrays.stream(weights).mapToLong(w -> Math.round(ids * w / sum)).toArray();
    }

    private static List<ReportModel.Padding> padding(List<ReportModel.Layer> layers) {
        List<ReportModel.Padding> rows = new ArrayList<>();
        for (String phase : List.of("prefill", "decode")) {
            for (int tokens : TOKENS_PER_PASS) {
                for (int blockSize : BLOCK_SIZES) {
                    long[] totals = new long[4];
                    for (ReportModel.Layer layer : layers) {
                        long[] sums = expected(layer, tokens, blockSize, phase.equals("decode") ? 1 : 2);
                        Arrays.setAll(totals, i -> totals[i] + sums[i]);
                        rows.add(row(layer.layer(), phase, tokens, blockSize, sums));
                    }
                    rows.add(row(null, phase, tokens, blockSize, totals));
                }
            }
        }
        return rows;
    }

    private static ReportModel.Padding row(@Nullable Integer layer, String phase, int tokens, int block, long[] sums) {
        return new ReportModel.Padding(layer, phase, tokens, block, sums[0], sums[1], sums[2], sums[3]);
    }

    /** One pass whose ids follow the layer's loads, times the passes: [passes, blocks, slots, used]. */
    private static long[] expected(ReportModel.Layer layer, int tokens, int blockSize, int spread) {
        Random random = new Random(31L * layer.layer() + tokens);
        double sum = layer.ids();
        long passes = Math.max(1, layer.ids() / TOPK / 2 / tokens);
        long blocks = 0;
        long used = 0;
        for (long count : layer.counts()) {
            double mean = tokens * TOPK * (count / sum) * spread / 1.5;
            long ids = (long) mean + (random.nextDouble() < mean - Math.floor(mean) ? 1 : 0);
            used += ids;
            blocks += (ids + blockSize - 1) / blockSize;
        }
        return new long[] {passes, passes * blocks, passes * blocks * blockSize, passes * used};
    }
}

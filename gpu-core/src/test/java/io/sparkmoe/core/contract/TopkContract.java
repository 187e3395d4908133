package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.Scoring;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.reorder.TopkResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Top-k against its definition: ids equal, weights within 4 units in the last place. */
final class TopkContract {
    private static final int[] EXPERTS = {1, 2, 8, 64, 129, 256, 384, 1024, 1500};
    private static final long WEIGHT_ULPS = 4;

    private final ReorderBackend backend;

    TopkContract(ReorderBackend backend) {
        this.backend = backend;
    }

    Stream<ReorderContract.Check> all() {
        int[] seed = {20_000};
        return Arrays.stream(EXPERTS)
                .boxed()
                .flatMap(e -> options(e)
                        .flatMap(o -> ReorderContract.INPUTS.stream().map(type -> {
                            int n = seed[0]++;
                            return new ReorderContract.Check(name(type, o) + " seed " + n, () -> check(type, o, n));
                        })));
    }

    private static String name(TensorType type, TopkOptions o) {
        return type.sqlName() + " experts " + o.numExperts() + " topk " + o.topk() + " " + o.scoring()
                + (o.renormalize() ? " renormalized" : "") + (o.correctionBias() == null ? "" : " biased") + " groups "
                + o.topkGroup() + " of " + o.numExpertGroup() + " factor " + o.routedScalingFactor();
    }

    private static Stream<TopkOptions> options(int experts) {
        List<TopkOptions> all = new ArrayList<>();
        for (int topk : new int[] {1, 2, 8, 33, experts}) {
            if (topk <= experts) {
                all.add(TopkOptions.of(experts, topk));
                all.add(new TopkOptions(experts, topk, Scoring.SIGMOID, true, bias(experts), 1, 1, 2.5f));
            }
        }
        if (experts % 8 == 0) {
            for (Scoring scoring : Scoring.values()) {
                int topk = Math.min(experts / 8 * 3, 8);
                all.add(new TopkOptions(experts, topk, scoring, true, null, 8, 3, 1));
                boolean pairs = experts > 8;
                all.add(new TopkOptions(
                        experts, topk, scoring, false, pairs ? bias(experts) : null, pairs ? 8 : 1, pairs ? 3 : 1, 16));
            }
        }
        return all.stream();
    }

    /** Coarse, so that backends whose scores differ in the last place order alike; ties there are, by equal pairs. */
    private static float[] bias(int experts) {
        float[] bias = new float[experts];
        for (int e = 0; e < experts; e++) {
            bias[e] = (e * 7 % 5 - 2) * 0.25f;
        }
        return bias;
    }

    private void check(TensorType type, TopkOptions o, int seed) {
        Random random = new Random(seed);
        List<float[]> logits = new ArrayList<>();
        for (int tokens : new int[] {0, 1, 6, 0, 3}) {
            logits.add(logits(random, type, tokens, o));
        }
        List<int[]> codes = logits.stream().map(l -> encoded(type, l)).toList();
        try (ReorderArena arena = new ReorderArena(40, seed % 4)) {
            TensorBatch in = arena.tensor(type, codes);
            inSlice(in, 0, logits.size(), logits, o, arena);
            inSlice(in, 2, 4, logits, o, arena);
            inSlice(in, 1, 1, logits, o, arena);
        }
    }

    private void inSlice(TensorBatch in, int from, int to, List<float[]> logits, TopkOptions o, ReorderArena arena) {
        try (TopkResult r = backend.topk(in.slice(from, to), o, arena.results)) {
            assertThat(r.topkIds().rows()).isEqualTo(to - from);
            assertThat(r.topkWeights().rows()).isEqualTo(to - from);
            for (int s = from; s < to; s++) {
                segment(
                        logits.get(s),
                        o,
                        r.topkIds().ints(s - from),
                        r.topkWeights().ints(s - from));
            }
        }
    }

    /** Few distinct values without NaN where a bias is added; else all kinds. */
    private static float[] logits(Random random, TensorType type, int tokens, TopkOptions o) {
        float[] odd = {0f, -0f, Float.NaN, Float.NEGATIVE_INFINITY, 20, -20};
        boolean coarse = o.correctionBias() != null || random.nextBoolean();
        float[] logits = new float[tokens * o.numExperts()];
        for (int i = 0; i < logits.length; i++) {
            boolean rare = !coarse && random.nextInt(200) == 0;
            float v = rare
                    ? odd[random.nextInt(odd.length)]
                    : coarse ? (random.nextInt(17) - 8) * 0.5f : (float) random.nextGaussian() * 3;
            logits[i] = NaiveReorder.rounded(type, v);
        }
        return logits;
    }

    private static int[] encoded(TensorType type, float[] values) {
        int[] codes = new int[values.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = NaiveReorder.encode(type, values[i]);
        }
        return codes;
    }

    private static void segment(float[] logits, TopkOptions o, int[] ids, int[] weights) {
        int tokens = logits.length / o.numExperts();
        assertThat(ids).hasSize(tokens * o.topk());
        assertThat(weights).hasSameSizeAs(ids);
        for (int t = 0; t < tokens; t++) {
            float[] ofToken = Arrays.copyOfRange(logits, t * o.numExperts(), (t + 1) * o.numExperts());
            NaiveTopk expected = new NaiveTopk(ofToken, o);
            assertThat(Arrays.copyOfRange(ids, t * o.topk(), (t + 1) * o.topk()))
                    .as("ids of token %d", t)
                    .isEqualTo(expected.ids);
            for (int k = 0; k < o.topk(); k++) {
                near(weights[t * o.topk() + k], expected.weights[k], t, k);
            }
        }
    }

    private static void near(int got, float expected, int token, int k) {
        boolean near = Float.isNaN(expected)
                ? got == 0x7fffffff
                : Ulps.between(Float.intBitsToFloat(got), expected) <= WEIGHT_ULPS;
        if (!near) {
            fail(
                    "weight %d of token %d is %s (%h), by definition %s",
                    k, token, Float.intBitsToFloat(got), got, expected);
        }
    }
}

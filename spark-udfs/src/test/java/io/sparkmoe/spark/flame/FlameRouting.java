package io.sparkmoe.spark.flame;

import io.sparkmoe.core.reorder.Conversions;
import java.util.SplittableRandom;

/**
 * Seeded routing with the traits of a trained model's: every token's ids follow from (seed, iteration, layer, row) alone,
 * so that any layer file is written, and checked, on its own.
 *
 * <p>A token has a topic, of its token id or of the 512 rows around it. Each topic prefers some experts at each layer, the
 * same tokens with the same variant of the preference at all layers: expert load is skewed, experts of one topic come
 * together, and a layer's experts tell the next layer's. With each iteration some topics change some preferences.
 */
public final class FlameRouting {
    private static final int TOPICS = 64;
    private static final int VARIANTS = 256;
    private static final int ROWS_A_SEGMENT = 512;
    private static final int VOCABULARY = 50_277;
    /** Of a router's logits: how far a topic's favourite stands out, and the noise of a token. */
    private static final double PREFERENCE = 3;

    private static final double NOISE = 1;

    private final long seed;
    private final int experts;
    private final int topk;

    /** Routing to {@code experts} experts, {@code topk} a token. */
    public FlameRouting(long seed, int experts, int topk) {
        this.seed = seed;
        this.experts = experts;
        this.topk = topk;
    }

    public int topk() {
        return topk;
    }

    /** The token id of a row: a skewed vocabulary, the same at every layer and iteration. */
    public int tokenId(long row) {
        double u = (mix(seed ^ row * 0x632BE59BD9B4E019L) >>> 11) * 0x1p-53;
        return (int) Math.min(VOCABULARY - 1, Math.expm1(u * Math.log(VOCABULARY)));
    }

    /** Which of the tuples of a layer a row has. */
    int tuple(long row) {
        long hash = mix(seed + row);
        boolean ofToken = (hash & 3) == 0;
        long topic = ofToken ? mix(tokenId(row)) : mix(seed ^ ~(row / ROWS_A_SEGMENT));
        // The smaller of two draws: low topics are common.
        int a = (int) (topic & TOPICS - 1);
        int b = (int) (topic >>> 8 & TOPICS - 1);
        return Math.min(a, b) * VARIANTS + (int) (hash >>> 8 & VARIANTS - 1);
    }

    /** The tuples of one layer at one iteration, from which rows draw. */
    public Layer layer(int iteration, int layer) {
        return new Layer(iteration, layer);
    }

    /** Ids and scores of one layer at one iteration. */
    public final class Layer {
        private final short[] tupleIds = new short[TOPICS * VARIANTS * topk];
        private final short[] tupleScores = new short[TOPICS * VARIANTS * topk];

        private Layer(int iteration, int layer) {
            double[] logits = new double[experts];
            for (int topic = 0; topic < TOPICS; topic++) {
                double[] preference = preference(iteration, layer, topic);
                for (int variant = 0; variant < VARIANTS; variant++) {
                    SplittableRandom noise = random(layer, topic * VARIANTS + variant, 1);
                    for (int e = 0; e < experts; e++) {
                        logits[e] = preference[e] + NOISE * noise.nextGaussian();
                    }
                    choose(logits, (topic * VARIANTS + variant) * topk);
                }
            }
        }

        /** The logits' bias: of all topics at the layer, of the topic, and what iterations since then have changed. */
        private double[] preference(int iteration, int layer, int topic) {
            SplittableRandom ofLayer = random(layer, 0, 2);
            SplittableRandom ofTopic = random(layer, topic, 3);
            double[] out = new double[experts];
            for (int e = 0; e < experts; e++) {
                out[e] = ofLayer.nextGaussian() + PREFERENCE * ofTopic.nextGaussian();
            }
            for (int step = 1; step <= iteration; step++) {
                SplittableRandom change = random(layer, topic, 3 + step);
                out[change.nextInt(experts)] = PREFERENCE * change.nextGaussian();
            }
            return out;
        }

        /** The topk largest of a softmax, descending, as published: chosen before they would be normalised. */
        private void choose(double[] logits, int at) {
            double sum = 0;
            for (double logit : logits) {
                sum += Math.exp(logit);
            }
            boolean[] taken = new boolean[experts];
            for (int k = 0; k < topk; k++) {
                int best = -1;
                for (int e = 0; e < experts; e++) {
                    if (!taken[e] && (best < 0 || logits[e] > logits[best])) {
                        best = e;
                    }
                }
                taken[best] = true;
                tupleIds[at + k] = (short) best;
                tupleScores[at + k] = Conversions.toFp16((float) (Math.exp(logits[best]) / sum));
            }
        }

        /** The expert in a slot of a row. */
        public short id(long row, int slot) {
            return tupleIds[tuple(row) * topk + slot];
        }

        /** The score in a slot of a row, as it is stored. */
        public float score(long row, int slot) {
            return Conversions.fromFp16(tupleScores[tuple(row) * topk + slot]);
        }

        short tupleId(int tuple, int slot) {
            return tupleIds[tuple * topk + slot];
        }

        short tupleScore(int tuple, int slot) {
            return tupleScores[tuple * topk + slot];
        }
    }

    private SplittableRandom random(int layer, int which, int what) {
        return new SplittableRandom(mix(mix(mix(seed + layer) + which) + what));
    }

    /** Stafford's variant 13 of the 64-bit finaliser. */
    private static long mix(long z) {
        long a = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ a >>> 27) * 0x94D049BB133111EBL;
        return b ^ b >>> 31;
    }
}

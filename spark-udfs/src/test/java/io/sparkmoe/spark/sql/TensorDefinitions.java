package io.sparkmoe.spark.sql;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The operators of activations restated in the plainest way. */
final class TensorDefinitions {
    private TensorDefinitions() {}

    /** src2dst in form deepep: where each id comes in the stable order of ids, less the masked ones. */
    static int[] src2dst(int[] ids) {
        int masked = (int) Arrays.stream(ids).filter(id -> id < 0).count();
        int[] order = order(ids);
        int[] out = new int[ids.length];
        for (int d = 0; d < order.length; d++) {
            out[order[d]] = d - masked;
        }
        return out;
    }

    /** The unmasked ids in order. */
    static int[] reorderTopkIds(int[] ids) {
        return Arrays.stream(order(ids)).map(i -> ids[i]).filter(id -> id >= 0).toArray();
    }

    private static int[] order(int[] ids) {
        return IntStream.range(0, ids.length)
                .boxed()
                .sorted((a, b) -> ids[a] != ids[b] ? Integer.compare(ids[a], ids[b]) : Integer.compare(a, b))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static boolean selected(int id, int dst, int start, int end) {
        return dst >= 0 && id >= start && id <= end;
    }

    /** @param scales by expert from start on, or null */
    static float[] preReorder(
            float[] hidden,
            int[] ids,
            int[] src2dst,
            int topk,
            int size,
            float @Nullable [] scales,
            int start,
            int end) {
        float[] out = new float[ids.length * size];
        for (int i = 0; i < ids.length; i++) {
            for (int h = 0; selected(ids[i], src2dst[i], start, end) && h < size; h++) {
                float x = hidden[i / topk * size + h];
                out[src2dst[i] * size + h] = scales == null ? x : x * (1 / scales[ids[i] - start]);
            }
        }
        return out;
    }

    static float[] postReorder(
            float[] down,
            int[] ids,
            int[] src2dst,
            float[] weights,
            int topk,
            int size,
            int start,
            int end,
            float factor) {
        float[] out = new float[ids.length / topk * size];
        for (int t = 0; t < ids.length / topk; t++) {
            for (int h = 0; h < size; h++) {
                float sum = 0;
                boolean any = false;
                for (int i = t * topk; i < (t + 1) * topk; i++) {
                    if (selected(ids[i], src2dst[i], start, end)) {
                        sum = Math.fma(weights[i], down[src2dst[i] * size + h], sum);
                        any = true;
                    }
                }
                out[t * size + h] = any ? factor * sum : 0;
            }
        }
        return out;
    }

    /** Rounded to {@code type} where the kernels round. */
    static float[] siluAndMul(float[] gateup, int[] rowIds, int size, int start, int end, NarrowFloats type) {
        int half = size / 2;
        float[] out = new float[gateup.length / 2];
        for (int r = 0; r < rowIds.length; r++) {
            for (int h = 0; rowIds[r] >= start && rowIds[r] <= end && h < half; h++) {
                float gate = gateup[r * size + h];
                float g = type.round((float) (gate / (1 + Math.exp(-(double) gate))));
                out[r * half + h] = type.round(g * gateup[r * size + half + h]);
            }
        }
        return out;
    }

    /** The chosen experts of each token, by logit descending, equal ones by lower id. */
    static int[] topkIds(float[] logits, int experts, int topk) {
        int[] out = new int[logits.length / experts * topk];
        for (int t = 0; t < logits.length / experts; t++) {
            int from = t * experts;
            int[] best = IntStream.range(0, experts)
                    .boxed()
                    .sorted((a, b) -> logits[from + a] != logits[from + b]
                            ? Float.compare(logits[from + b], logits[from + a])
                            : Integer.compare(a, b))
                    .mapToInt(Integer::intValue)
                    .toArray();
            System.arraycopy(best, 0, out, t * topk, topk);
        }
        return out;
    }

    /** Softmax over all experts at the chosen ids. */
    static double[] softmaxWeights(float[] logits, int experts, int topk, int[] ids) {
        double[] out = new double[ids.length];
        for (int i = 0; i < ids.length; i++) {
            int from = i / topk * experts;
            double sum = 0;
            for (int e = 0; e < experts; e++) {
                sum += Math.exp((double) logits[from + e] - logits[from + ids[i]]);
            }
            out[i] = 1 / sum;
        }
        return out;
    }
}

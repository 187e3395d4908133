package io.sparkmoe.core.contract;

import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.TensorType;

/** The definitions of pre_reorder and post_reorder, element by element, over one segment's bits. */
final class NaiveReorder {
    private NaiveReorder() {}

    /** The bits of a value rounded to a type; without sign extension. */
    static int encode(TensorType type, float value) {
        return switch (type) {
            case FP32 -> Conversions.fp32Bits(value);
            case FP16 -> Conversions.toFp16(value) & 0xffff;
            case BF16 -> Conversions.toBf16(value) & 0xffff;
            case FP8_E4M3FN -> Conversions.toE4m3fn(value) & 0xff;
        };
    }

    static float decode(TensorType type, int code) {
        return switch (type) {
            case FP32 -> Float.intBitsToFloat(code);
            case FP16 -> Conversions.fromFp16((short) code);
            case BF16 -> Conversions.fromBf16((short) code);
            case FP8_E4M3FN -> Conversions.fromE4m3fn((byte) code);
        };
    }

    static float rounded(TensorType type, float value) {
        return decode(type, encode(type, value));
    }

    static int[] pre(ReorderCase c, int s, float[] scales, PreReorderOptions o) {
        int[] ids = c.topkIds().get(s);
        int[] in = c.rows().get(s);
        int h = c.hiddenSize();
        int[] out = new int[ids.length * h];
        for (int i = 0; i < ids.length; i++) {
            int row = c.src2dst().get(s)[i];
            if (row < 0 || !o.experts().contains(ids[i])) {
                continue;
            }
            int token = i / o.topk();
            float factor = switch (o.scaleMode()) {
                case NONE -> 1;
                case PER_EXPERT -> 1 / scales[ids[i] - o.experts().start()];
                case PER_TOKEN -> 1 / scales[token];
                case SCALAR -> 1 / scales[0];
            };
            boolean copied = o.scaleMode() == ScaleMode.NONE && c.type() == o.outType();
            for (int j = 0; j < h; j++) {
                int code = in[token * h + j];
                out[row * h + j] = copied ? code : encode(o.outType(), decode(c.type(), code) * factor);
            }
        }
        return out;
    }

    static int[] post(ReorderCase c, int s, PostReorderOptions o) {
        int tokens = c.topkIds().get(s).length / o.topk();
        int[] out = new int[tokens * c.hiddenSize()];
        for (int t = 0; t < tokens; t++) {
            for (int j = 0; j < c.hiddenSize(); j++) {
                out[t * c.hiddenSize() + j] = element(c, s, o, t, j);
            }
        }
        return out;
    }

    private static int element(ReorderCase c, int s, PostReorderOptions o, int token, int j) {
        float sum = 0;
        boolean any = false;
        for (int i = token * o.topk(); i < (token + 1) * o.topk(); i++) {
            int row = c.src2dst().get(s)[i];
            if (row >= 0 && o.experts().contains(c.topkIds().get(s)[i])) {
                float y = decode(c.type(), c.rows().get(s)[row * c.hiddenSize() + j]);
                sum = add(c.type(), o, c.weights().get(s)[i], y, sum);
                any = true;
            }
        }
        boolean scaled = o.arithmetic() == Arithmetic.FP32 || o.arithmetic() == Arithmetic.W16;
        return any ? encode(c.type(), scaled ? sum * o.routedScalingFactor() : sum) : 0;
    }

    private static float add(TensorType type, PostReorderOptions o, float weight, float y, float sum) {
        float w16 = rounded(type, weight);
        return switch (o.arithmetic()) {
            case FP32 -> Math.fma(weight, y, sum);
            case W16 -> Math.fma(w16, y, sum);
            case FMA16 -> Exact.fma(type, w16, y, sum);
            case FMA16_SCALED -> Exact.fma(type, rounded(type, w16 * o.routedScalingFactor()), y, sum);
        };
    }
}

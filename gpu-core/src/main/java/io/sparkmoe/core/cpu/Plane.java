package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.Memory;

/**
 * Every second element of a {@link Tile} as fp32, and as codes of a type. Loops over one array index and without branches:
 * what the compiler turns into vector instructions. (It does not for a float's bits, so that these go through memory.)
 */
final class Plane {
    /** fp16 bits in fp32's places stand for values that are too small by this. */
    private static final float FP16_SCALE = 0x1p112f;

    final float[] values = new float[Tile.SIZE / 2];
    final int[] codes = new int[Tile.SIZE / 2];

    private final float[] floats = new float[Tile.SIZE / 2];
    private final int[] bits = new int[Tile.SIZE / 2];
    private final int[] lifted = new int[Tile.SIZE / 2];

    /** Values from 16-bit codes, {@code shift} bits up in each word: 0 or 16. */
    void widen(TensorType type, int[] words, int shift, int n) {
        if (type == TensorType.BF16) {
            for (int i = 0; i < n; i++) {
                bits[i] = (words[i] >>> shift) << 16;
            }
            Memory.copy(bits, Memory.INTS, values, Memory.FLOATS, 4L * n);
            return;
        }
        for (int i = 0; i < n; i++) {
            bits[i] = lowered((words[i] >>> shift) & 0xffff);
        }
        Memory.copy(bits, Memory.INTS, floats, Memory.FLOATS, 4L * n);
        for (int i = 0; i < n; i++) {
            values[i] = floats[i] * FP16_SCALE;
        }
    }

    /** Codes of the values, rounded to a type. */
    void narrow(TensorType type, int n) {
        switch (type) {
            case FP32 -> {
                for (int i = 0; i < n; i++) {
                    codes[i] = Conversions.fp32Bits(values[i]);
                }
            }
            case FP16 -> narrow(Narrowing.FP16, n);
            case BF16 -> {
                Memory.copy(values, Memory.FLOATS, bits, Memory.INTS, 4L * n);
                for (int i = 0; i < n; i++) {
                    codes[i] = bf16(bits[i]);
                }
            }
            case FP8_E4M3FN -> narrow(Narrowing.E4M3FN, n);
        }
    }

    private void narrow(Narrowing to, int n) {
        float lift = to.lift();
        for (int i = 0; i < n; i++) {
            floats[i] = Math.abs(values[i]) + lift;
        }
        Memory.copy(floats, Memory.FLOATS, lifted, Memory.INTS, 4L * n);
        Memory.copy(values, Memory.FLOATS, bits, Memory.INTS, 4L * n);
        to.apply(bits, lifted, codes, n);
    }

    void multiply(float[] from, float factor, int n) {
        for (int i = 0; i < n; i++) {
            values[i] = from[i] * factor;
        }
    }

    /** Adds products, each fused with its sum. */
    void add(float factor, float[] from, int n) {
        for (int i = 0; i < n; i++) {
            values[i] = Math.fma(factor, from[i], values[i]);
        }
    }

    /** Multiplies by what a table has for the 16-bit codes in some words. */
    void multiply(float[] table, int[] words, int shift, int n) {
        for (int i = 0; i < n; i++) {
            values[i] *= table[(words[i] >>> shift) & 0xffff];
        }
    }

    /** fp32 bits of an fp16's value divided by {@link #FP16_SCALE}; infinite and NaN where it is. */
    private static int lowered(int code) {
        int magnitude = code & 0x7fff;
        int infinite = Narrowing.less(0x7bff, magnitude) & 0x7f800000;
        return ((code & 0x8000) << 16) | (magnitude << 13) | infinite;
    }

    /** {@link Conversions#toBf16} of a value's bits, without a branch. */
    private static int bf16(int bits) {
        int nan = Narrowing.less(0x7f800000, bits & 0x7fffffff);
        int code = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
        return (code & ~nan) | (0x7fff & nan);
    }
}

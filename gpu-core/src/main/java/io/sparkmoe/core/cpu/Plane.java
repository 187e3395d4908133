package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.Memory;

/**
 * Every second element of a {@link Tile} as fp32, and as codes of a type. Loops over one array index and without branches:
 * what the compiler turns into vector instructions. (It does not for a float's bits, so that these go through memory.)
 */
final class Plane {
    final float[] values = new float[Tile.SIZE / 2];
    final int[] codes = new int[Tile.SIZE / 2];

    private final float[] floats = new float[Tile.SIZE / 2];
    private final int[] bits = new int[Tile.SIZE / 2];
    private final int[] lifted = new int[Tile.SIZE / 2];

    /** Values from 16-bit codes, {@code shift} bits up in each word: 0 or 16. */
    void widen(TensorType type, int[] words, int shift, int n) {
        if (type == TensorType.BF16) {
            for (int i = 0; i < n; i++) {
                bits[i] = words[i] >>> shift << 16;
            }
            Memory.copy(bits, Memory.INTS, values, Memory.FLOATS, 4L * n);
            return;
        }
        for (int i = 0; i < n; i++) {
            bits[i] = Codes.fromFp16(words[i] >>> shift & 0xffff);
        }
        Memory.copy(bits, Memory.INTS, floats, Memory.FLOATS, 4L * n);
        for (int i = 0; i < n; i++) {
            values[i] = floats[i] * Codes.FP16_SCALE;
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
            case FP16 -> {
                lift(Codes.FP16_LIFT, n);
                for (int i = 0; i < n; i++) {
                    codes[i] = Codes.toFp16(bits[i], lifted[i]);
                }
            }
            case BF16 -> {
                Memory.copy(values, Memory.FLOATS, bits, Memory.INTS, 4L * n);
                for (int i = 0; i < n; i++) {
                    codes[i] = Codes.toBf16(bits[i]);
                }
            }
            case FP8_E4M3FN -> {
                lift(Codes.E4M3FN_LIFT, n);
                for (int i = 0; i < n; i++) {
                    codes[i] = Codes.toE4m3fn(bits[i], lifted[i]);
                }
            }
        }
    }

    private void lift(float by, int n) {
        for (int i = 0; i < n; i++) {
            floats[i] = Math.abs(values[i]) + by;
        }
        Memory.copy(floats, Memory.FLOATS, lifted, Memory.INTS, 4L * n);
        Memory.copy(values, Memory.FLOATS, bits, Memory.INTS, 4L * n);
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
            values[i] *= table[words[i] >>> shift & 0xffff];
        }
    }
}

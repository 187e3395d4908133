package io.sparkmoe.core.cpu;

import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.Memory;
import java.util.Arrays;

/**
 * A piece of a row as fp32: read from any type, written as any. Belongs to one call.
 *
 * <p>Two 16-bit values lie in one int of memory. So that they come apart by vector instructions, the elements 0, 2, 4 ...
 * are kept in one plane and 1, 3, 5 ... in another; of an odd count, the last of the second is undefined.
 */
final class Tile {
    /** Elements, even. All arrays of a tile together stay in a second-level cache, those of a loop in the first. */
    static final int SIZE = 2048;

    final Plane even = new Plane();
    final Plane odd = new Plane();
    private final int[] words = new int[SIZE];
    private final float[] floats = new float[SIZE];

    /** How many values each plane has for {@code count} elements. */
    static int half(int count) {
        return (count + 1) / 2;
    }

    void read(TensorType type, long address, int count) {
        int half = half(count);
        switch (type) {
            case FP32 -> {
                Memory.copyOut(address, floats, Memory.FLOATS, 4L * count);
                for (int i = 0; i < half; i++) {
                    even.values[i] = floats[2 * i];
                    odd.values[i] = floats[2 * i + 1];
                }
            }
            case FP16, BF16 -> {
                Memory.copyOut(address, words, Memory.INTS, 2L * count);
                widen(type, half);
            }
            case FP8_E4M3FN -> throw new IllegalArgumentException("fp8_e4m3fn is a type of results");
        }
    }

    private void widen(TensorType type, int half) {
        even.widen(type, words, 0, half);
        odd.widen(type, words, 16, half);
    }

    /** Writes the values, rounded. */
    void write(TensorType type, long address, int count) {
        pack(type, half(count));
        Memory.copy(words, Memory.INTS, address, (long) count * type.bytes());
    }

    private void pack(TensorType type, int half) {
        even.narrow(type, half);
        odd.narrow(type, half);
        int[] e = even.codes;
        int[] o = odd.codes;
        switch (type.bytes()) {
            case 1 -> {
                for (int i = 0; i < half; i++) {
                    e[i] |= o[i] << 8;
                }
                for (int i = 0; i < half; i += 2) {
                    words[i / 2] = e[i] | (e[i + 1] << 16);
                }
            }
            case 2 -> {
                for (int i = 0; i < half; i++) {
                    words[i] = e[i] | (o[i] << 16);
                }
            }
            default -> {
                for (int i = 0; i < half; i++) {
                    words[2 * i] = e[i];
                    words[2 * i + 1] = o[i];
                }
            }
        }
    }

    /** The values in the order of the elements; where their count is odd, one more place is written. */
    void copyTo(float[] to, int at, int count) {
        for (int i = 0; i < half(count); i++) {
            to[at + 2 * i] = even.values[i];
            to[at + 2 * i + 1] = odd.values[i];
        }
    }

    /** Rounds the values to a type of 32 or 16 bits. */
    void round(TensorType type, int count) {
        if (type != TensorType.FP32) {
            pack(type, half(count));
            widen(type, half(count));
        }
    }

    /** The values of another tile, times a factor. */
    void scaled(Tile from, float factor, int count) {
        even.multiply(from.even.values, factor, half(count));
        odd.multiply(from.odd.values, factor, half(count));
    }

    void clear(int count) {
        Arrays.fill(even.values, 0, half(count), 0);
        Arrays.fill(odd.values, 0, half(count), 0);
    }

    /** Adds the values of another tile times a factor, each product fused with its sum. */
    void add(float factor, Tile other, int count) {
        even.add(factor, other.even.values, half(count));
        odd.add(factor, other.odd.values, half(count));
    }

    /** Multiplies by what a table has for the 16-bit codes at an address. */
    void multiply(float[] table, long address, int count) {
        Memory.copyOut(address, words, Memory.INTS, 2L * count);
        even.multiply(table, words, 0, half(count));
        odd.multiply(table, words, 16, half(count));
    }
}

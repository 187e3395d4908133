package io.sparkmoe.spark.scan.decode;

import java.util.Arrays;

/** Bitmaps in Arrow's order (bit i of word i / 64), in arrays whose bits behind the last one written are 0. */
final class Bits {
    private static final long EVEN = 0x5555555555555555L;

    private Bits() {}

    static int words(long bits) {
        return (int) ((bits + 63) >>> 6);
    }

    /** The bits below {@code n}, which is 1 to 64 (0 gives all). */
    static long below(int n) {
        return -1L >>> -n;
    }

    /** Writes the low {@code n} bits (1 to 64) of a value at a bit that nothing has been written at or behind. */
    static void append(long[] to, long at, long value, int n) {
        long bits = value & below(n);
        int word = (int) (at >>> 6);
        int shift = (int) at & 63;
        to[word] |= bits << shift;
        if (shift + n > 64) {
            to[word + 1] |= bits >>> (64 - shift);
        }
    }

    static void set(long[] to, long from, long until) {
        for (long at = from; at < until; ) {
            int n = (int) Math.min(64 - (at & 63), until - at);
            to[(int) (at >>> 6)] |= below(n) << at;
            at += n;
        }
    }

    /** The {@code n} (1 to 64) bits from a bit on. */
    static long get(long[] from, long at, int n) {
        int word = (int) (at >>> 6);
        int shift = (int) at & 63;
        long bits = from[word] >>> shift;
        if (shift + n > 64) {
            bits |= from[word + 1] << (64 - shift);
        }
        return bits & below(n);
    }

    /** Moves the bits [from, until) to the array's start and clears what lies behind them. */
    static void shiftDown(long[] bits, long from, long until) {
        long n = until - from;
        for (long done = 0; done < n; done += 64) {
            bits[(int) (done >>> 6)] = get(bits, from + done, (int) Math.min(64, n - done));
        }
        Arrays.fill(bits, words(n), Math.min(bits.length, words(until)), 0);
    }

    static long[] grown(long[] bits, long needed) {
        int words = words(needed) + 1;
        return words <= bits.length ? bits : Arrays.copyOf(bits, Math.max(words, 2 * bits.length));
    }

    /** The even bits of a word, side by side in its low half. */
    static long evens(long x) {
        long b = x & EVEN;
        b = (b | b >>> 1) & 0x3333333333333333L;
        b = (b | b >>> 2) & 0x0f0f0f0f0f0f0f0fL;
        b = (b | b >>> 4) & 0x00ff00ff00ff00ffL;
        b = (b | b >>> 8) & 0x0000ffff0000ffffL;
        return (b | b >>> 16) & 0xffffffffL;
    }

    /** The bits of {@code x} where {@code mask} is 1, side by side; cheap where few bits of the mask's low n are 0. */
    static long compress(long x, long mask, int n) {
        long bits = x;
        long holes = ~mask & below(n);
        while (holes != 0) {
            int top = 63 - Long.numberOfLeadingZeros(holes);
            long low = (1L << top) - 1;
            bits = (bits & low) | (bits >>> 1 & ~low);
            holes &= low;
        }
        return bits;
    }
}

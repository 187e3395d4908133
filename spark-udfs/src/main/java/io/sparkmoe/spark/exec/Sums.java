package io.sparkmoe.spark.exec;

import java.util.Arrays;

/** A row of sums as bytes for the shuffle: LEB128, and a run of zeros as a zero byte and the run's length. */
public final class Sums {
    private Sums() {}

    public static byte[] write(long[] sums) {
        byte[] out = new byte[sums.length * 2 + 16];
        int at = 0;
        for (int i = 0; i < sums.length; ) {
            if (at + 20 > out.length) {
                out = Arrays.copyOf(out, out.length * 2);
            }
            long value = sums[i];
            at = put(out, at, value);
            int run = 1;
            if (value == 0) {
                while (i + run < sums.length && sums[i + run] == 0) {
                    run++;
                }
                at = put(out, at, run);
            }
            i += run;
        }
        return Arrays.copyOf(out, at);
    }

    /** Adds what {@link #write} wrote to {@code sums}. */
    public static void addTo(byte[] bytes, long[] sums) {
        int at = 0;
        int i = 0;
        while (at < bytes.length) {
            long value = 0;
            int shift = 0;
            do {
                value |= (bytes[at] & 0x7fL) << shift;
                shift += 7;
            } while (bytes[at++] < 0);
            if (value != 0) {
                sums[i++] += value;
                continue;
            }
            int run = 0;
            shift = 0;
            do {
                run |= (bytes[at] & 0x7f) << shift;
                shift += 7;
            } while (bytes[at++] < 0);
            i += run;
        }
    }

    private static int put(byte[] out, int from, long value) {
        int at = from;
        long v = value;
        while ((v & ~0x7fL) != 0) {
            out[at++] = (byte) (v | 0x80);
            v >>>= 7;
        }
        out[at++] = (byte) v;
        return at;
    }
}

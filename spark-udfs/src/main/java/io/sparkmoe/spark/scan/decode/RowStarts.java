package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.Memory;

/** Rows of any length: the offsets of a slice's rows out of its bitmaps. */
final class RowStarts {
    private RowStarts() {}

    static int count(Levels levels) {
        int n = 0;
        for (int i = 0; i < Bits.words(levels.values); i++) {
            n += Long.bitCount(levels.rowStarts[i]);
        }
        return n;
    }

    /** Writes the offsets; up to seven more behind them are overwritten. */
    static void write(Levels levels, long to, int base) {
        if (levels.plain) {
            writePlain(levels, to, base);
        } else {
            writeSlots(levels, to, base);
        }
    }

    /** Eight positions at a time whatever their number: a branch a row would be mispredicted once a word. */
    private static void writePlain(Levels levels, long to, int base) {
        long out = to;
        long[] starts = levels.rowStarts;
        int words = Bits.words(levels.values);
        for (int i = 0; i < words; i++) {
            long left = starts[i];
            int n = Long.bitCount(left);
            int at = base + 64 * i;
            for (int done = 0; done < n; done += 8) {
                long o = out + 4L * done;
                for (int j = 0; j < 8; j++) {
                    Memory.putInt(o + 4L * j, at + Long.numberOfTrailingZeros(left));
                    left &= left - 1;
                }
            }
            out += 4L * n;
        }
    }

    /** The slots before a row's start are those of the words before, and the lower bits of its own. */
    private static void writeSlots(Levels levels, long to, int base) {
        long out = to;
        int at = base;
        int words = Bits.words(levels.values);
        for (int i = 0; i < words; i++) {
            long slots = levels.slots[i];
            for (long left = levels.rowStarts[i]; left != 0; left &= left - 1, out += 4) {
                Memory.putInt(out, at + Long.bitCount(slots & ((left & -left) - 1)));
            }
            at += Long.bitCount(slots);
        }
    }
}

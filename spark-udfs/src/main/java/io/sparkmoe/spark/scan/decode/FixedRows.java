package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.Memory;

/**
 * Rows that all have one length, up to 64 ids: whether a slice's row starts keep to it is a comparison a word, and the
 * offsets need no levels. The length is that of a row group's first row; the first row that differs ends it.
 */
final class FixedRows {
    private static final int UNKNOWN = 0;
    private static final int NONE = -1;

    private int length = UNKNOWN;
    private long[] patterns = {};

    void reset() {
        length = UNKNOWN;
    }

    /**
     * Rows that start in a slice, or -1 where they are not of the one length.
     *
     * @param open ids so far of the row that the slice may go on with
     */
    int count(Levels levels, int open) {
        if (length == UNKNOWN) {
            learn(levels);
        }
        if (length < 0 || open > length || !matches(levels, open)) {
            length = length == UNKNOWN ? UNKNOWN : NONE;
            return -1;
        }
        int first = first(open);
        return first >= levels.values ? 0 : (levels.values - first + length - 1) / length;
    }

    private int first(int open) {
        return open == 0 || open == length ? 0 : length - open;
    }

    /** Writes the offsets of the rows that {@link #count} found, two at a time: room for one more behind them. */
    void write(long to, int base, int open, int rows) {
        int at = base + first(open);
        for (int i = 0; i < rows; i += 2, at += 2 * length) {
            Memory.putLong(to + 4L * i, (at & 0xffffffffL) | (long) (at + length) << 32);
        }
    }

    private void learn(Levels levels) {
        long first = levels.rowStarts[0];
        if (Long.bitCount(first) < 2) {
            length = Bits.words(levels.values) > 1 ? NONE : UNKNOWN;
            return;
        }
        long second = first & first - 1;
        length = Long.numberOfTrailingZeros(second) - Long.numberOfTrailingZeros(first);
        patterns = new long[length];
        for (int phase = 0; phase < length; phase++) {
            for (int bit = 0; bit < 64; bit++) {
                patterns[phase] |= (phase + bit) % length == 0 ? 1L << bit : 0;
            }
        }
    }

    private boolean matches(Levels levels, int open) {
        if (length <= 0) {
            return false;
        }
        int phase = open == length ? 0 : open;
        int step = 64 % length;
        int words = levels.values >>> 6;
        for (int i = 0; i < words; i++) {
            if (levels.rowStarts[i] != patterns[phase]) {
                return false;
            }
            phase += step;
            phase -= phase >= length ? length : 0;
        }
        int rest = levels.values & 63;
        return rest == 0 || levels.rowStarts[words] == (patterns[phase] & Bits.below(rest));
    }
}

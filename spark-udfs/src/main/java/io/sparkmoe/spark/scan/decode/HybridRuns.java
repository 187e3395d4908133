package io.sparkmoe.spark.scan.decode;

/**
 * A cursor over Parquet's hybrid of run-length and bit-packed runs: levels and dictionary indices. It may stop anywhere in
 * a run. A run's length and bytes are checked as its header is read; nothing is loaded before.
 */
final class HybridRuns {
    byte[] bytes = {};
    /** Of a bit-packed run: where its values begin. */
    int start;
    /** Of a bit-packed run: values of it already taken. */
    int taken;
    /** Values of the run not yet taken. */
    int left;

    boolean packed;
    /** Of a run-length run: the value repeated. */
    int value;
    /** Bits of a value, 0 to 32. */
    int width;

    private int next;
    private int end;
    private int limit;

    /** Starts on bytes [from, to), whose values must be below {@code valueLimit} (unsigned) where they are repeated. */
    void reset(byte[] page, int from, int to, int bits, int valueLimit) {
        bytes = page;
        next = from;
        end = to;
        width = bits;
        limit = valueLimit;
        left = 0;
        packed = false;
    }

    /** Makes sure that there is a run with values left. */
    void run() {
        while (left == 0) {
            header();
        }
    }

    /** Notes values of the run as taken. */
    void take(int count) {
        taken += count;
        left -= count;
    }

    /** Bit of the first value not taken of a bit-packed run, counted from {@code bytes[0]}. */
    long bit() {
        return 8L * start + (long) taken * width;
    }

    /** Takes {@code count} values if the run in hand repeats {@code wanted} at least so often. */
    boolean takeRepeated(int wanted, int count) {
        run();
        if (packed || value != wanted || left < count) {
            return false;
        }
        take(count);
        return true;
    }

    private void header() {
        int header = varint();
        taken = 0;
        packed = (header & 1) != 0;
        if (packed) {
            long available = 8L * (end - next) / Math.max(1, width);
            // Some writers cut the last run's padding off, so what counts is the values that are there.
            left = (int) Math.min(available, Math.min(8L * (header >>> 1), Integer.MAX_VALUE));
            start = next;
            next = (int) Math.min(end, next + (long) (header >>> 1) * width);
        } else {
            left = header >>> 1;
            repeated();
        }
    }

    private void repeated() {
        int n = (width + 7) / 8;
        if (n > end - next) {
            throw new PageException("a run of " + left + " values ends behind the data of " + width + "-bit values");
        }
        value = 0;
        for (int i = 0; i < n; i++) {
            value |= (bytes[next++] & 0xff) << (8 * i);
        }
        if (left > 0 && Integer.compareUnsigned(value, limit) >= 0) {
            throw new PageException(
                    "value " + Integer.toUnsignedString(value) + " of a run of " + left + "; allowed: below " + limit);
        }
    }

    private int varint() {
        int result = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            if (next >= end) {
                throw new PageException("the runs of " + width + "-bit values end before the page's values do");
            }
            int b = bytes[next++];
            result |= (b & 0x7f) << shift;
            if (b >= 0) {
                return result;
            }
        }
        throw new PageException("the length of a run takes more than 5 bytes");
    }
}

package io.sparkmoe.core.cpu;

import java.util.Arrays;

/**
 * The k largest of a row and where they are, by value descending and then by position ascending. NaN is larger than every
 * number, -0 equals +0.
 *
 * <p>A value and its position are one 64-bit key: the value's bits in an order of signed ints above the complement of the
 * position, so that one comparison settles both.
 */
final class Largest {
    /** Up to here a new value is put in its place; above, all are sorted. */
    private static final int INSERTED = 32;

    private final int k;
    private final long[] keys;
    private int size;

    Largest(int k, int candidates) {
        this.k = k;
        keys = new long[k <= INSERTED ? k : candidates];
    }

    static long key(float value, int position) {
        int bits = Float.floatToIntBits(value + 0f);
        return (long) (bits ^ ((bits >> 31) & 0x7fffffff)) << 32 | (~position & 0xffffffffL);
    }

    void clear() {
        size = 0;
    }

    /** Takes the values [from, to) into account. */
    void offer(float[] values, int from, int to) {
        for (int i = from; i < to; i++) {
            long key = key(values[i], i);
            if (k > INSERTED) {
                keys[size++] = key;
            } else if (size < k || key > keys[0]) {
                insert(key);
            }
        }
    }

    /** Ascending, the smallest goes when there are k. */
    private void insert(long key) {
        int at = 0;
        if (size < k) {
            at = size++;
            while (at > 0 && keys[at - 1] > key) {
                keys[at] = keys[--at];
            }
        } else {
            while (at + 1 < k && keys[at + 1] < key) {
                keys[at] = keys[++at];
            }
        }
        keys[at] = key;
    }

    /** To be called after the last offer, before the first {@link #id}. */
    void sort() {
        if (k > INSERTED) {
            Arrays.sort(keys, 0, size);
        }
    }

    /** The position of the r-th largest, from 0. */
    int id(int r) {
        return (int) ~keys[size - 1 - r];
    }
}

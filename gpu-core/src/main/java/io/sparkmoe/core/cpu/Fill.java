package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.Memory;

/** Runs of one value. */
final class Fill {
    private Fill() {}

    /** Writes {@code count} times an int32. */
    static void ints(long address, int value, int count) {
        long pair = (value & 0xffffffffL) | (long) value << 32;
        long at = address;
        long end = address + 4L * count;
        for (; at + 8 <= end; at += 8) {
            Memory.putLong(at, pair);
        }
        if (at < end) {
            Memory.putInt(at, value);
        }
    }

    /** Writes {@code count} times an int64. */
    static void longs(long address, long value, int count) {
        for (int i = 0; i < count; i++) {
            Memory.putLong(address + 8L * i, value);
        }
    }
}

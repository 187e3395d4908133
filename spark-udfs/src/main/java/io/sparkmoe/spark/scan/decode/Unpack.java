package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.Memory;

/**
 * Bit-packed dictionary codes, eight at a time, to ids in memory: one loop a width of the ids. Each writes whole groups,
 * so up to seven ids behind the last one wanted, and answers whether every code was in the dictionary.
 */
final class Unpack {
    private static final long ONES = 0x0101010101010101L;
    private static final long TOPS = 0x8080808080808080L;

    private Unpack() {}

    /** Codes of at most 8 bits to uint8. */
    static boolean bytes(byte[] from, int at, int groups, int bits, IdDictionary dictionary, long to) {
        char[] pairs = dictionary.pairs(bits);
        if (dictionary.mayMiss(bits)) {
            return bytesChecked(from, at, groups, bits, pairs, (dictionary.unused() & 0xff) * ONES, to);
        }
        int mask = (1 << 2 * bits) - 1;
        long out = to;
        for (int i = 0, p = at; i < groups; i++, p += bits, out += 8) {
            Memory.putLong(out, eight(PageBytes.getLong(from, p), pairs, mask, 2 * bits));
        }
        return true;
    }

    private static long eight(long codes, char[] pairs, int mask, int step) {
        return (long) pairs[(int) codes & mask]
                | (long) pairs[(int) (codes >>> step) & mask] << 16
                | (long) pairs[(int) (codes >>> 2 * step) & mask] << 32
                | (long) pairs[(int) (codes >>> 3 * step) & mask] << 48;
    }

    /** A code that the dictionary lacks becomes a byte that no id has: looking for a byte in eight takes four operations. */
    private static boolean bytesChecked(byte[] from, int at, int groups, int bits, char[] pairs, long unused, long to) {
        int mask = (1 << 2 * bits) - 1;
        long missing = 0;
        long out = to;
        for (int i = 0, p = at; i < groups; i++, p += bits, out += 8) {
            long ids = eight(PageBytes.getLong(from, p), pairs, mask, 2 * bits);
            Memory.putLong(out, ids);
            long same = ids ^ unused;
            missing |= (same - ONES) & ~same & TOPS;
        }
        return missing == 0;
    }

    /** Codes of at most 16 bits to uint16. */
    static boolean shorts(byte[] from, int at, int groups, int bits, IdDictionary dictionary, long to) {
        int[] table = dictionary.table(bits);
        int mask = (1 << bits) - 1;
        int last = dictionary.size() - 1;
        int missing = 0;
        int half = 4 * bits;
        long out = to;
        for (int i = 0, p = at; i < groups; i++, p += bits, out += 16) {
            long low = PageBytes.getLong(from, p);
            long high = PageBytes.getLong(from, p + (half >>> 3)) >>> (half & 7);
            for (int word = 0; word < 2; word++) {
                long x = word == 0 ? low : high;
                int a = (int) x & mask;
                int b = (int) (x >>> bits) & mask;
                int c = (int) (x >>> 2 * bits) & mask;
                int d = (int) (x >>> 3 * bits) & mask;
                missing |= last - a | last - b | last - c | last - d;
                Memory.putLong(
                        out + 8L * word,
                        (table[a] & 0xffffL)
                                | (table[b] & 0xffffL) << 16
                                | (table[c] & 0xffffL) << 32
                                | (table[d] & 0xffffL) << 48);
            }
        }
        return missing >= 0;
    }

    /** Codes of at most 16 bits to int32. */
    static boolean ints(byte[] from, int at, int groups, int bits, IdDictionary dictionary, long to) {
        int[] table = dictionary.table(bits);
        int mask = (1 << bits) - 1;
        int last = dictionary.size() - 1;
        int missing = 0;
        int half = 4 * bits;
        long out = to;
        for (int i = 0, p = at; i < groups; i++, p += bits, out += 32) {
            long low = PageBytes.getLong(from, p);
            long high = PageBytes.getLong(from, p + (half >>> 3)) >>> (half & 7);
            for (int word = 0; word < 2; word++) {
                long x = word == 0 ? low : high;
                int a = (int) x & mask;
                int b = (int) (x >>> bits) & mask;
                int c = (int) (x >>> 2 * bits) & mask;
                int d = (int) (x >>> 3 * bits) & mask;
                missing |= last - a | last - b | last - c | last - d;
                Memory.putLong(out + 16L * word, (table[a] & 0xffffffffL) | (long) table[b] << 32);
                Memory.putLong(out + 16L * word + 8, (table[c] & 0xffffffffL) | (long) table[d] << 32);
            }
        }
        return missing >= 0;
    }

    /** One code of up to 32 bits. */
    static int code(byte[] from, long bit, int bits) {
        return (int) (PageBytes.getLong(from, (int) (bit >>> 3)) >>> (bit & 7) & (1L << bits) - 1);
    }
}

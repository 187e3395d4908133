package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdType;

/** The distinct ids of a column chunk, and tables that turn their codes into ids of the type in use. */
final class IdDictionary {
    /** Codes of at most this many bits go through a table of pairs. */
    static final int PAIR_BITS = 8;

    private final int[] ids;
    final int min;
    final int max;

    private char[] pairs = {};
    private int pairBits = -1;
    private int[] table = {};
    private byte unused;

    IdDictionary(byte[] page, int from, int to, int count, IdColumn column) {
        if (count < 0 || 4L * count > to - from) {
            throw new PageException("a dictionary of " + count + " ids in " + (to - from) + " bytes; 4 bytes an id");
        }
        ids = new int[count];
        int least = Integer.MAX_VALUE;
        int most = Integer.MIN_VALUE;
        for (int i = 0; i < count; i++) {
            ids[i] = column.narrowed(PageBytes.getInt(page, from + 4 * i));
            least = Math.min(least, ids[i]);
            most = Math.max(most, ids[i]);
        }
        min = count == 0 ? 0 : least;
        max = count == 0 ? 0 : most;
    }

    int size() {
        return ids.length;
    }

    /** The id of a valid code. */
    int id(int code) {
        return ids[code];
    }

    /** The narrowest type for these ids. */
    IdType type(boolean nulls) {
        return IdTypes.fitting(min, max, nulls);
    }

    /** Ids by code, padded with 0 to every code of {@code bits} bits. */
    int[] table(int bits) {
        int codes = 1 << bits;
        if (table.length < codes) {
            table = new int[codes];
            System.arraycopy(ids, 0, table, 0, Math.min(codes, ids.length));
        }
        return table;
    }

    /** Two uint8 ids by two codes of {@code bits} bits; codes that the dictionary lacks give {@link #unused}. */
    char[] pairs(int bits) {
        if (pairBits != bits) {
            findUnused();
            int codes = 1 << bits;
            pairs = new char[codes * codes];
            for (int high = 0; high < codes; high++) {
                for (int low = 0; low < codes; low++) {
                    pairs[high << bits | low] = (char) (narrow(high) << 8 | narrow(low));
                }
            }
            pairBits = bits;
        }
        return pairs;
    }

    /** Whether there are codes of {@code bits} bits that the dictionary lacks. */
    boolean mayMiss(int bits) {
        return ids.length < 1L << bits;
    }

    /** A byte that no uint8 id of the dictionary has; known once {@link #pairs} has been asked for such codes. */
    byte unused() {
        return unused;
    }

    private int narrow(int code) {
        return (code < ids.length ? ids[code] : unused) & 0xff;
    }

    private void findUnused() {
        boolean[] used = new boolean[256];
        for (int id : ids) {
            used[id & 0xff] = true;
        }
        for (int b = 0; b < 256; b++) {
            if (!used[b]) {
                unused = (byte) b;
                return;
            }
        }
    }

    PageException outside(int width) {
        return new PageException("a dictionary index is out of range; allowed: below " + ids.length + " (indices of "
                + width + " bits)");
    }
}

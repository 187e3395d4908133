package io.sparkmoe.spark.jobs.specialize;

import java.util.Arrays;

/**
 * Counts of (layer, token id, expert): open addressing over packed keys, no object a cell. A cell's key orders by layer,
 * then token id, then expert.
 */
final class CellTable {
    private static final int FIRST_SIZE = 1 << 12;

    private final int most;
    private long[] keys = new long[FIRST_SIZE];
    private int[] counts = new int[FIRST_SIZE];
    private int used;
    private boolean overflow;

    /** @param most cells to hold at most; the table takes 24 bytes for each */
    CellTable(int most) {
        this.most = most;
    }

    /** Layer and expert below 65,536, any token id. */
    static long key(int layer, int tokenId, int expert) {
        return ((long) layer << 48) | ((tokenId ^ Integer.MIN_VALUE) & 0xffff_ffffL) << 16 | expert;
    }

    static int layer(long key) {
        return (int) (key >>> 48);
    }

    static int tokenId(long key) {
        return (int) (key >>> 16) ^ Integer.MIN_VALUE;
    }

    static int expert(long key) {
        return (int) (key & 0xffff);
    }

    /** Counts one; false when the table has to be emptied before the next. */
    boolean add(long key) {
        int at = slot(key);
        if (counts[at] == 0) {
            keys[at] = key;
            used++;
        }
        overflow |= ++counts[at] == Integer.MAX_VALUE;
        if (2L * used >= keys.length && used < most) {
            grow();
        }
        return used < most && !overflow;
    }

    private int slot(long key) {
        long hash = key * 0x9E3779B97F4A7C15L;
        int mask = keys.length - 1;
        int at = (int) (hash >>> 32) & mask;
        while (counts[at] != 0 && keys[at] != key) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldCounts = counts;
        keys = new long[2 * oldKeys.length];
        counts = new int[keys.length];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldCounts[i] != 0) {
                int at = slot(oldKeys[i]);
                keys[at] = oldKeys[i];
                counts[at] = oldCounts[i];
            }
        }
    }

    int size() {
        return used;
    }

    /** The keys in order. */
    long[] sortedKeys() {
        long[] out = new long[used];
        int n = 0;
        for (int i = 0; i < keys.length; i++) {
            if (counts[i] != 0) {
                out[n++] = keys[i];
            }
        }
        Arrays.sort(out);
        return out;
    }

    /** How often a key was counted. */
    int count(long key) {
        return counts[slot(key)];
    }

    /** Forgets the cells, keeping the memory. */
    void clear() {
        Arrays.fill(counts, 0);
        used = 0;
        overflow = false;
    }
}

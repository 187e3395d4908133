package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;

/**
 * Counts the keys of one segment at a time and then scatters its flat indices: the two passes of a stable counting
 * sort. Holds scratch that is reused from segment to segment; belongs to one thread.
 */
final class Histogram {
    static final int TILE = 4096;
    private static final int LANES = 4;

    private final int[] tile = new int[TILE];
    private Keys keys;
    private int[] counts = new int[0];
    private int[] active = new int[0];
    private int[] shifts = new int[0];
    private long[] touched = new long[0];
    private int actives;
    private RoutingBatch batch;
    private int segment;

    Histogram(Keys keys, RoutingBatch batch) {
        this.keys = keys;
        this.batch = batch;
        use(keys, batch);
    }

    /** Turns to another batch; what was counted is forgotten. */
    void use(Keys newKeys, RoutingBatch newBatch) {
        reset();
        keys = newKeys;
        batch = newBatch;
        segment = -1;
        if (active.length < keys.size()) {
            counts = new int[LANES * keys.size()];
            active = new int[keys.size()];
            shifts = new int[0];
            touched = new long[(keys.size() + 63) / 64];
        }
    }

    /** Counts segment {@code s}, unless it is the one that is counted already. */
    void load(int s) {
        if (segment == s) {
            return;
        }
        reset();
        segment = s;
        int n = batch.length(s);
        if (n >= LANES * keys.size()) {
            loadDense(n);
        } else {
            loadSparse(n);
        }
    }

    /** Number of keys that the segment has; they are {@link #key(int)} in ascending order. */
    int actives() {
        return actives;
    }

    int key(int active) {
        return this.active[active];
    }

    /** How often the segment has a key. */
    int count(int key) {
        return counts[key];
    }

    /** Replaces a key's count by the position of its first id, for {@link #scatter} and its like. */
    void position(int key, int position) {
        counts[key] = position;
        segment = -1;
    }

    /** The scratch that holds positions after {@link #position}; the scattering loops advance it. */
    int[] positions() {
        return counts;
    }

    /** Room for one more number a key, of no defined content. */
    int[] shifts() {
        if (shifts.length < active.length) {
            shifts = new int[active.length];
        }
        return shifts;
    }

    /** Decodes the tile of the batch's segment {@code s} that starts at id {@code from} and returns its keys. */
    int[] tile(int s, int from, int count) {
        if (batch.length(s) > TILE) {
            decode(batch.address(s) + (long) from * batch.type().bytes(), count);
        }
        return tile;
    }

    /** Writes each flat index whose key is in [lo, hi) at its position behind {@code order}, an int32 array. */
    void scatter(int s, int lo, int hi, long order) {
        int[] at = counts;
        int n = batch.length(s);
        for (int from = 0, count; (count = Math.min(TILE, n - from)) > 0; from += count) {
            int[] t = tile(s, from, count);
            for (int i = 0; i < count; i++) {
                int key = t[i];
                if (key >= lo && key < hi) {
                    int d = at[key]++;
                    Memory.putInt(order + 4L * d, from + i);
                }
            }
        }
    }

    private void decode(long address, int count) {
        IdCodec.decode(batch.type(), address, tile, 0, count);
        keys.toKeys(tile, count);
    }

    private void reset() {
        for (int i = 0; i < actives; i++) {
            counts[active[i]] = 0;
        }
        actives = 0;
    }

    private void loadDense(int n) {
        int size = keys.size();
        int step = batch.type().bytes();
        long address = batch.address(segment);
        for (int from = 0, count; (count = Math.min(TILE, n - from)) > 0; from += count) {
            decode(address + (long) from * step, count);
            countLanes(tile, count, counts, size, 0);
        }
        sumLanes(size);
    }

    /**
     * Four histograms side by side: equal ids in a row do not wait for each other's stores.
     *
     * @param first key of the number 0 in {@code keys}: 0 where they are keys, {@link Keys#FIRST_BIN} where they are ids
     */
    static void countLanes(int[] keys, int count, int[] lanes, int size, int first) {
        int lane1 = first + size;
        int lane2 = lane1 + size;
        int lane3 = lane2 + size;
        int i = 0;
        for (; i + 3 < count; i += LANES) {
            lanes[keys[i] + first]++;
            lanes[keys[i + 1] + lane1]++;
            lanes[keys[i + 2] + lane2]++;
            lanes[keys[i + 3] + lane3]++;
        }
        for (; i < count; i++) {
            lanes[keys[i] + first]++;
        }
    }

    private void sumLanes(int size) {
        for (int lane = 1; lane < LANES; lane++) {
            int base = lane * size;
            for (int k = 0; k < size; k++) {
                counts[k] += counts[base + k];
            }
        }
        Arrays.fill(counts, size, LANES * size, 0);
        int m = 0;
        for (int k = 0; k < size; k++) {
            active[m] = k;
            m += counts[k] != 0 ? 1 : 0;
        }
        actives = m;
    }

    /** Few ids: remembers which keys were met in a bit set, so that the cost is not that of all keys. */
    private void loadSparse(int n) {
        for (int from = 0, count; (count = Math.min(TILE, n - from)) > 0; from += count) {
            decode(batch.address(segment) + (long) from * batch.type().bytes(), count);
            for (int i = 0; i < count; i++) {
                int key = tile[i];
                counts[key]++;
                touched[key >>> 6] |= 1L << key;
            }
        }
        int words = (keys.size() + 63) / 64;
        for (int w = 0; w < words; w++) {
            for (long bits = touched[w]; bits != 0; bits &= bits - 1) {
                active[actives++] = 64 * w + Long.numberOfTrailingZeros(bits);
            }
            touched[w] = 0;
        }
    }
}

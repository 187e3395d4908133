package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;

/**
 * Expert load on the heap: one long[] of keys a slot. Segments of one slot that lie side by side are counted as one
 * range; short ranges share the decoding of a tile.
 */
final class CpuExpertLoad implements ExpertLoadAccumulator {
    private static final int TILE = Histogram.TILE;

    private final Keys keys;
    private final int[] tile = new int[TILE];
    private final int[] lanes;
    private long[][] counts = new long[0][];
    private int slots;
    private Tally tally;

    CpuExpertLoad(CountsOptions options) {
        this.keys = Keys.of(options.ids());
        this.lanes = new int[4 * keys.size()];
        this.tally = new Tally(keys);
    }

    @Override
    public void add(RoutingBatch batch, int[] slotOf, int numSlots) {
        grow(numSlots);
        int s = 0;
        while (s < batch.segments()) {
            int end = runEnd(batch, slotOf, s);
            if (batch.start(end) - batch.start(s) >= lanes.length) {
                addLong(batch, s, end, counts[slotOf[s]]);
            } else {
                end = addShort(batch, slotOf, s);
            }
            s = end;
        }
    }

    private static int runEnd(RoutingBatch batch, int[] slotOf, int from) {
        int end = from + 1;
        while (end < batch.segments() && slotOf[end] == slotOf[from]) {
            end++;
        }
        return end;
    }

    /** A long range of one slot: histograms of int side by side, added to the slot at the end. */
    private void addLong(RoutingBatch batch, int from, int to, long[] into) {
        Arrays.fill(lanes, 0);
        int n = batch.start(to) - batch.start(from);
        for (int done = 0, count; (count = Math.min(TILE, n - done)) > 0; done += count) {
            decode(batch, batch.start(from) + (long) done, count);
            if (allInRange(count)) {
                Histogram.countLanes(tile, count, lanes, keys.size(), Keys.FIRST_BIN);
            } else {
                keys.toKeys(tile, count);
                Histogram.countLanes(tile, count, lanes, keys.size(), 0);
            }
        }
        int size = keys.size();
        for (int k = 0; k < size; k++) {
            into[k] += (long) lanes[k] + lanes[size + k] + lanes[2 * size + k] + lanes[3 * size + k];
        }
        settle(batch, from, to, into);
    }

    /** Segments of changing slots, as many as a tile holds; returns where it stopped. */
    private int addShort(RoutingBatch batch, int[] slotOf, int from) {
        int start = batch.start(from);
        int end = from + 1;
        while (end < batch.segments() && batch.start(end + 1) - start <= TILE) {
            end++;
        }
        if (batch.start(end) - start > TILE) {
            addLong(batch, from, end, counts[slotOf[from]]);
            return end;
        }
        int count = batch.start(end) - start;
        decode(batch, start, count);
        if (allInRange(count)) {
            addInRange(batch, slotOf, from, end);
        } else {
            keys.toKeys(tile, count);
            addKeys(batch, slotOf, from, end);
        }
        return end;
    }

    /** Whether no id of the tile is odd: one pass that the compiler turns into vector instructions. */
    private boolean allInRange(int count) {
        int largest = keys.bins - 1;
        int signs = 0;
        for (int i = 0; i < count; i++) {
            signs |= tile[i] | (largest - tile[i]);
        }
        return signs >= 0;
    }

    /** Counts the tile's ids as they are. */
    private void addInRange(RoutingBatch batch, int[] slotOf, int from, int to) {
        int start = batch.start(from);
        int at = 0;
        for (int s = from; s < to; s++) {
            long[] into = counts[slotOf[s]];
            int stop = batch.start(s + 1) - start;
            for (; at < stop; at++) {
                into[tile[at] + Keys.FIRST_BIN]++;
            }
        }
        tally.addPlain(at);
    }

    /** Counts the tile's keys; odd ones go to the tally, or are refused. */
    private void addKeys(RoutingBatch batch, int[] slotOf, int from, int to) {
        int start = batch.start(from);
        int at = 0;
        for (int s = from; s < to; s++) {
            long[] into = counts[slotOf[s]];
            int stop = batch.start(s + 1) - start;
            for (; at < stop; at++) {
                into[tile[at]]++;
            }
            if ((into[Keys.MASKED] | into[Keys.BELOW] | into[keys.above()]) != 0) {
                settle(batch, s, s + 1, into);
            } else {
                tally.addPlain(batch.length(s));
            }
        }
    }

    private void decode(RoutingBatch batch, long firstId, int count) {
        IdCodec.decode(batch.type(), batch.idsAddress() + firstId * batch.type().bytes(), tile, 0, count);
    }

    /** Moves the counts of odd ids, which have keys like the others, from the slot to the tally. */
    private void settle(RoutingBatch batch, int from, int to, long[] of) {
        tally.add(batch, from, to, of[Keys.MASKED], of[Keys.BELOW] + of[keys.above()], 0);
        of[Keys.MASKED] = 0;
        of[Keys.BELOW] = 0;
        of[keys.above()] = 0;
    }

    private void grow(int numSlots) {
        if (numSlots > counts.length) {
            counts = Arrays.copyOf(counts, Math.max(numSlots, 2 * counts.length));
        }
        for (; slots < numSlots; slots++) {
            if (counts[slots] == null) {
                counts[slots] = new long[keys.size()];
            }
        }
    }

    @Override
    public void read(int slot, long[] out) {
        System.arraycopy(counts[slot], Keys.FIRST_BIN, out, 0, keys.bins);
    }

    @Override
    public void clear() {
        for (int s = 0; s < slots; s++) {
            Arrays.fill(counts[s], 0);
        }
        slots = 0;
        tally = new Tally(keys);
    }

    @Override
    public IdCounts counts() {
        return tally.counts();
    }

    @Override
    public void close() {
        counts = new long[0][];
        slots = 0;
    }
}

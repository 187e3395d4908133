package io.sparkmoe.spark.scan.decode;

import java.util.Arrays;

/**
 * The levels of a slice of a page's values as bitmaps, a bit a value: where rows start, which values are element slots
 * (not NULL or empty lists), which slots hold an id, and which rows are NULL lists.
 */
final class Levels {
    /** Values of a slice: what keeps levels and ids of one in the second cache. */
    static final int SLICE = 1 << 16;

    private final IdColumn column;
    private final HybridRuns repetition = new HybridRuns();
    private final HybridRuns definition = new HybridRuns();
    private final long[] plane0 = new long[SLICE / 64 + 1];
    private final long[] plane1 = new long[SLICE / 64 + 1];

    final long[] rowStarts = new long[SLICE / 64 + 1];
    final long[] slots = new long[SLICE / 64 + 1];
    final long[] ids = new long[SLICE / 64 + 1];
    final long[] nullLists = new long[SLICE / 64 + 1];

    /** Values of the slice. */
    int values;
    /** Whether every value is an id; the bitmaps of slots, ids and NULL lists are then not filled. */
    boolean plain;

    int slotCount;
    int idCount;
    boolean anyNullList;

    Levels(IdColumn column) {
        this.column = column;
    }

    void reset(byte[] page, int repetitionFrom, int repetitionTo, int definitionFrom, int definitionTo) {
        repetition.reset(page, repetitionFrom, repetitionTo, 1, 2);
        definition.reset(page, definitionFrom, definitionTo, column.definitionBits(), column.maxDefinition() + 1);
    }

    /** Decodes the next {@code count} values, at most {@link #SLICE}. */
    void next(int count) {
        values = count;
        clear(rowStarts);
        takeBits(repetition, rowStarts);
        for (int i = 0; i < Bits.words(count); i++) {
            rowStarts[i] = ~rowStarts[i];
        }
        trim(rowStarts);
        plain = definition.takeRepeated(column.maxDefinition(), count);
        slotCount = count;
        idCount = count;
        anyNullList = false;
        if (!plain) {
            clear(plane0);
            clear(plane1);
            takeDefinitions();
            classify();
        }
    }

    private void clear(long[] bits) {
        Arrays.fill(bits, 0, Math.min(bits.length, Bits.words(values) + 1), 0);
    }

    private void trim(long[] bits) {
        if ((values & 63) != 0) {
            bits[values >>> 6] &= Bits.below(values & 63);
        }
    }

    private void takeBits(HybridRuns runs, long[] to) {
        for (int at = 0; at < values; ) {
            runs.run();
            int n = Math.min(runs.left, values - at);
            if (!runs.packed) {
                if (runs.value != 0) {
                    Bits.set(to, at, at + n);
                }
            } else {
                copyBits(runs.bytes, runs.bit(), n, to, at);
            }
            runs.take(n);
            at += n;
        }
    }

    private static void copyBits(byte[] bytes, long bit, int count, long[] to, int at) {
        int shift = (int) bit & 7;
        int step = shift == 0 ? 64 : 56;
        int from = (int) (bit >>> 3);
        for (int done = 0; done < count; done += step, from += step >>> 3) {
            Bits.append(to, at + done, PageBytes.getLong(bytes, from) >>> shift, Math.min(step, count - done));
        }
    }

    private void takeDefinitions() {
        if (column.definitionBits() == 1) {
            takeBits(definition, plane0);
            return;
        }
        for (int at = 0; at < values; ) {
            definition.run();
            int n = Math.min(definition.left, values - at);
            if (!definition.packed) {
                if ((definition.value & 1) != 0) {
                    Bits.set(plane0, at, at + n);
                }
                if ((definition.value & 2) != 0) {
                    Bits.set(plane1, at, at + n);
                }
            } else {
                splitPairs(definition.bytes, definition.bit(), n, at);
            }
            definition.take(n);
            at += n;
        }
    }

    private void splitPairs(byte[] bytes, long bit, int count, int at) {
        int shift = (int) bit & 7;
        int step = shift == 0 ? 32 : 28;
        int from = (int) (bit >>> 3);
        for (int done = 0; done < count; done += step, from += step >>> 2) {
            long pairs = PageBytes.getLong(bytes, from) >>> shift;
            int n = Math.min(step, count - done);
            Bits.append(plane0, at + done, Bits.evens(pairs), n);
            Bits.append(plane1, at + done, Bits.evens(pairs >>> 1), n);
        }
    }

    private void classify() {
        int slotTotal = 0;
        int idTotal = 0;
        long nulls = 0;
        for (int i = 0; i < Bits.words(values); i++) {
            long all = i == values >>> 6 ? Bits.below(values & 63) : -1L;
            long one = plane0[i];
            long two = plane1[i];
            ids[i] = equal(one, two, column.maxDefinition()) & all;
            slots[i] = atLeast(one, two, column.slotDefinition()) & all;
            nullLists[i] = column.listIsOptional() ? ~(one | two) & all : 0;
            check(i, all, one, two);
            nulls |= nullLists[i];
            slotTotal += Long.bitCount(slots[i]);
            idTotal += Long.bitCount(ids[i]);
        }
        slotCount = slotTotal;
        idCount = idTotal;
        anyNullList = nulls != 0;
        plain = idTotal == values;
    }

    /** Bit i: slot i holds an id; the others are NULL. */
    long[] presentSlots() {
        clear(plane0);
        int at = 0;
        for (int i = 0; i < Bits.words(values); i++) {
            int n = Math.min(64, values - 64 * i);
            int slotsHere = Long.bitCount(slots[i]);
            if (slotsHere > 0) {
                Bits.append(plane0, at, Bits.compress(ids[i], slots[i], n), slotsHere);
            }
            at += slotsHere;
        }
        return plane0;
    }

    private static long equal(long one, long two, int level) {
        return ((level & 1) != 0 ? one : ~one) & ((level & 2) != 0 ? two : ~two);
    }

    private static long atLeast(long one, long two, int level) {
        return level == 1 ? one | two : level == 2 ? two : one & two;
    }

    private void check(int word, long all, long one, long two) {
        if (column.maxDefinition() == 2 && (one & two) != 0) {
            throw new PageException("definition level 3; allowed: 0 to 2");
        }
        if ((all & ~rowStarts[word] & ~slots[word]) != 0) {
            throw new PageException("a NULL or empty list inside of a row: its repetition level is 1; allowed: 0");
        }
    }
}

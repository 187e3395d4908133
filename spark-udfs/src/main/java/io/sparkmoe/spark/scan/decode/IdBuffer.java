package io.sparkmoe.spark.scan.decode;

import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Rows decoded and not yet handed out, in Arrow's list layout. The last row is open: more ids of it may come. Ids of one
 * type; where a slice needs a wider one, what is there is rewritten.
 */
final class IdBuffer implements AutoCloseable {
    /** Bytes behind the ids that the decoder's wide stores may touch. */
    private static final int SLACK = 64;

    private final BufferAllocator allocator;
    private ArrowBuf ids;
    private ArrowBuf offsets;
    private ArrowBuf dense;
    private IdType type = IdType.UINT8;
    private int largest;
    private int count;
    private int rows;
    private long[] nullRows = new long[64];
    private boolean anyNullRow;
    private long[] nullIds = new long[64];
    private boolean anyNullId;

    IdBuffer(BufferAllocator allocator) {
        this.allocator = allocator;
        this.ids = allocator.getEmpty();
        this.offsets = allocator.getEmpty();
        this.dense = allocator.getEmpty();
    }

    IdType type() {
        return type;
    }

    int count() {
        return count;
    }

    /** Rows, the open one included. */
    int rows() {
        return rows;
    }

    /** Where a row starts; of the row behind the last, where that one ends so far. */
    int start(int row) {
        return row == rows ? count : Memory.getInt(offsets.memoryAddress() + 4L * row);
    }

    long idsAddress() {
        return ids.memoryAddress();
    }

    /** Addresses the offsets of all rows, the end of the last one included. */
    long offsetsAddress() {
        reserveRows(1);
        Memory.putInt(offsets.memoryAddress() + 4L * rows, count);
        return offsets.memoryAddress();
    }

    long[] nullRows() {
        return anyNullRow ? nullRows : null;
    }

    long[] nullIds() {
        return anyNullId ? nullIds : null;
    }

    void clear() {
        drop(rows);
        type = IdType.UINT8;
        largest = 0;
    }

    /** Forgets the first rows; what is left moves to the front. */
    void drop(int dropped) {
        int from = start(dropped);
        int width = type.bytes();
        if (count > from) {
            Memory.copy(ids.memoryAddress() + (long) from * width, ids.memoryAddress(), (long) (count - from) * width);
        }
        if (anyNullId) {
            Bits.shiftDown(nullIds, from, count);
        }
        if (anyNullRow) {
            Bits.shiftDown(nullRows, dropped, rows);
        }
        long at = offsets.memoryAddress();
        for (int row = dropped; row < rows; row++) {
            Memory.putInt(at + 4L * (row - dropped), Memory.getInt(at + 4L * row) - from);
        }
        rows -= dropped;
        count -= from;
        if (rows == 0) {
            anyNullId = false;
            anyNullRow = false;
        }
    }

    /** Adds a slice: its rows, then its ids. */
    void add(Levels levels, FixedRows fixed, IdReader reader) {
        IdType needed = levels.idCount == 0 && levels.slotCount == 0
                ? type
                : reader.type(levels.idCount, levels.slotCount > levels.idCount);
        widen(needed, reader.largest());
        addRows(levels, fixed);
        addIds(levels, reader);
    }

    private void widen(IdType needed, int largestNeeded) {
        IdType wider = count == 0 ? needed : IdTypes.common(type, largest, needed, largestNeeded);
        largest = count == 0 ? largestNeeded : Math.max(largest, largestNeeded);
        if (wider.bytes() > type.bytes() && count > 0) {
            ArrowBuf next = allocator.buffer((long) count * wider.bytes() + SLACK);
            int[] tile = new int[4096];
            for (int done = 0; done < count; done += tile.length) {
                int n = Math.min(tile.length, count - done);
                IdCodec.decode(type, ids.memoryAddress() + (long) done * type.bytes(), tile, 0, n);
                IdCodec.encode(wider, tile, 0, n, next.memoryAddress() + (long) done * wider.bytes());
            }
            ids.close();
            ids = next;
        }
        type = wider;
    }

    private void addRows(Levels levels, FixedRows fixed) {
        if (rows == 0 && (levels.rowStarts[0] & 1) == 0) {
            throw new PageException("the row group's first repetition level is 1; allowed: 0");
        }
        int open = rows == 0 ? 0 : count - start(rows - 1);
        int more = levels.plain ? fixed.count(levels, open) : -1;
        if (more >= 0) {
            reserveRows(more);
            fixed.write(offsets.memoryAddress() + 4L * rows, count, open, more);
        } else {
            more = RowStarts.count(levels);
            reserveRows(more);
            RowStarts.write(levels, offsets.memoryAddress() + 4L * rows, count);
        }
        noteNullRows(levels, more);
        rows += more;
    }

    private void noteNullRows(Levels levels, int more) {
        if (!levels.plain && levels.anyNullList) {
            nullRows = Bits.grown(nullRows, (long) rows + more);
            anyNullRow = true;
            long at = rows;
            for (int i = 0; i < Bits.words(levels.values); i++) {
                for (long left = levels.rowStarts[i]; left != 0; left &= left - 1, at++) {
                    if ((levels.nullLists[i] & left & -left) != 0) {
                        nullRows[(int) (at >>> 6)] |= 1L << at;
                    }
                }
            }
        } else if (anyNullRow) {
            nullRows = Bits.grown(nullRows, (long) rows + more);
        }
    }

    private void addIds(Levels levels, IdReader reader) {
        int slots = levels.slotCount;
        long bytes = ((long) count + slots) * type.bytes() + SLACK;
        if ((long) count + slots > Integer.MAX_VALUE - SLACK) {
            throw new PageException("a row of more than 2^31 - 1 ids");
        }
        ids = grown(ids, bytes, (long) count * type.bytes());
        long to = ids.memoryAddress() + (long) count * type.bytes();
        if (levels.idCount == slots) {
            if (slots > 0) {
                reader.read(slots, type, to);
            }
            if (anyNullId) {
                nullIds = Bits.grown(nullIds, (long) count + slots);
            }
        } else {
            long[] present = levels.presentSlots();
            dense = grown(dense, (long) levels.idCount * type.bytes() + SLACK, 0);
            if (levels.idCount > 0) {
                reader.read(levels.idCount, type, dense.memoryAddress());
            }
            Ids.spread(type.bytes(), dense.memoryAddress(), to, present, slots);
            noteNullIds(present, slots);
        }
        count += slots;
    }

    private void noteNullIds(long[] present, int slots) {
        nullIds = Bits.grown(nullIds, (long) count + slots);
        anyNullId = true;
        for (int done = 0; done < slots; done += 64) {
            Bits.append(nullIds, (long) count + done, ~present[done >>> 6], Math.min(64, slots - done));
        }
    }

    private void reserveRows(int more) {
        offsets = grown(offsets, 4L * ((long) rows + more + 1) + SLACK, 4L * rows);
    }

    private ArrowBuf grown(ArrowBuf buffer, long needed, long used) {
        if (needed <= buffer.capacity()) {
            return buffer;
        }
        ArrowBuf next = allocator.buffer(Math.max(needed, buffer.capacity() * 3 / 2));
        Memory.copy(buffer.memoryAddress(), next.memoryAddress(), used);
        buffer.close();
        return next;
    }

    @Override
    public void close() {
        ids.close();
        offsets.close();
        dense.close();
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import java.util.Arrays;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;

/**
 * Runs of Spark's own vectors, as its Parquet reader and cache fill them. A NULL or empty list leaves a one-element hole
 * in the child; ids are usually dictionary encoded, and the codes are translated through a small table of our own
 * (Spark's translation is a virtual call an id).
 */
final class WritableRuns implements IdRuns {
    /** Ids copied at a time: what keeps the intermediate array in the first cache. */
    private static final int CHUNK = 1 << 12;

    private static final int LARGEST_TABLE = 1 << 16;
    private static final int UNKNOWN = Integer.MIN_VALUE;

    private final WritableColumnVector lists;
    private final WritableColumnVector elements;
    private final IdType type;
    private int[] table = new int[0];

    WritableRuns(WritableColumnVector lists, IdType type) {
        this.lists = lists;
        this.elements = lists.getChild(0);
        this.type = type;
    }

    @Override
    public boolean isNull(int row) {
        return lists.isNullAt(row);
    }

    @Override
    public int start(int row) {
        return lists.getArrayOffset(row);
    }

    @Override
    public int length(int row) {
        return lists.getArrayLength(row);
    }

    @Override
    public void copy(int from, int count, long address) {
        boolean nulls = elements.hasNull();
        for (int done = 0; done < count; done += CHUNK) {
            int n = Math.min(CHUNK, count - done);
            long at = address + (long) done * type.bytes();
            if (nulls) {
                copyWithNulls(from + done, n, at);
            } else {
                copyChunk(from + done, n, at);
            }
        }
    }

    private void copyChunk(int from, int n, long address) {
        switch (type) {
            case INT8 -> Memory.copy(elements.getBytes(from, n), Memory.BYTES, address, n);
            case INT16 -> Memory.copy(elements.getShorts(from, n), Memory.SHORTS, address, 2L * n);
            default -> {
                int[] ids = elements.hasDictionary() ? translated(from, n) : elements.getInts(from, n);
                Memory.copy(ids, Memory.INTS, address, 4L * n);
            }
        }
    }

    private int[] translated(int from, int n) {
        int[] codes = elements.getDictionaryIds().getInts(from, n);
        int[] known = table;
        int largest = known.length;
        for (int i = 0; i < n; i++) {
            int code = codes[i];
            int id = code < largest ? known[code] : UNKNOWN;
            if (id == UNKNOWN) {
                id = learn(code, from + i);
                known = table;
                largest = known.length;
            }
            codes[i] = id;
        }
        return codes;
    }

    /** Asks Spark for the id of a code, once a code. */
    private int learn(int code, int element) {
        int id = elements.getInt(element);
        if (code < LARGEST_TABLE) {
            if (code >= table.length) {
                int old = table.length;
                table = Arrays.copyOf(table, Math.max(code + 1, 2 * old));
                Arrays.fill(table, old, table.length, UNKNOWN);
            }
            table[code] = id;
        }
        return id;
    }

    private void copyWithNulls(int from, int n, long address) {
        for (int i = 0; i < n; i++) {
            if (elements.isNullAt(from + i)) {
                IdCollector.putMasked(type, address, i);
                continue;
            }
            switch (type) {
                case INT8 -> Memory.putByte(address + i, elements.getByte(from + i));
                case INT16 -> Memory.putShort(address + 2L * i, elements.getShort(from + i));
                default -> Memory.putInt(address + 4L * i, elements.getInt(from + i));
            }
        }
    }
}

package io.sparkmoe.core.routing;

import org.apache.arrow.memory.ArrowBuf;

/**
 * A column of lists in Arrow's layout, owned by the holder: int32 offsets [rows + 1] and fixed-width values
 * [offsets[rows]]. No validity: every row and every element is defined.
 *
 * @param rows number of lists
 * @param elementBytes 4 (int32) or 8 (int64)
 */
public record ListBuffer(int rows, int elementBytes, ArrowBuf offsets, ArrowBuf values) implements AutoCloseable {
    public int start(int row) {
        return offsets.getInt(4L * row);
    }

    public int length(int row) {
        return offsets.getInt(4L * (row + 1L)) - offsets.getInt(4L * row);
    }

    public int totalElements() {
        return offsets.getInt(4L * rows);
    }

    /** Copies one list of an int32 column. */
    public int[] ints(int row) {
        int[] out = new int[length(row)];
        long at = 4L * start(row);
        for (int i = 0; i < out.length; i++) {
            out[i] = values.getInt(at + 4L * i);
        }
        return out;
    }

    /** Copies one list of an int64 column. */
    public long[] longs(int row) {
        long[] out = new long[length(row)];
        long at = 8L * start(row);
        for (int i = 0; i < out.length; i++) {
            out[i] = values.getLong(at + 8L * i);
        }
        return out;
    }

    /**
     * The lists of an int32 column as the ids of an operator; a view, valid until {@link #close}.
     *
     * @param firstRow number of the first list, for messages
     */
    public RoutingBatch asBatch(long firstRow) {
        if (elementBytes != Integer.BYTES) {
            throw new IllegalArgumentException("ids are int32, this column has elements of " + elementBytes + " bytes");
        }
        return new RoutingBatch(IdType.INT32, rows, offsets.memoryAddress(), values.memoryAddress(), firstRow);
    }

    @Override
    public void close() {
        offsets.close();
        values.close();
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.jspecify.annotations.Nullable;

/**
 * Id lists as a scan decodes them: int32 offsets and ids of one {@link IdType}, which the operators take as they lie. To
 * everything else it is an ordinary column of its declared type. Valid as long as the scan's batch is.
 */
public final class ScannedIds extends BufferColumn {
    private final int rows;
    private final long offsets;
    private final long @Nullable [] nullRows;
    private final int firstRow;
    private final Elements elements;

    /**
     * @param type array of tinyint, smallint or int
     * @param offsets address of int32 offsets [rows + 1]
     * @param ids address of the id at offset 0; slots of NULL ids hold the masked code
     * @param nullRows bit firstRow + r is set where row r is NULL; null: none is
     * @param nullIds bit i is set where the id at offset i is NULL; null: none is
     */
    public ScannedIds(
            ArrayType type,
            int rows,
            long offsets,
            long ids,
            IdType idType,
            long @Nullable [] nullRows,
            int firstRow,
            long @Nullable [] nullIds) {
        super(type, null);
        this.rows = rows;
        this.offsets = offsets;
        this.nullRows = nullRows;
        this.firstRow = firstRow;
        this.elements = new Elements(type.elementType(), ids, idType, nullIds);
    }

    /** Type of the ids in memory. */
    public IdType idType() {
        return elements.idType;
    }

    /** Address of the id at offset 0. */
    public long idsAddress() {
        return elements.ids;
    }

    /** Address of the offsets [rows + 1]. */
    public long offsetsAddress() {
        return offsets;
    }

    int start(int row) {
        return Memory.getInt(offsets + 4L * row);
    }

    int length(int row) {
        return start(row + 1) - start(row);
    }

    @Override
    public boolean hasNull() {
        return numNulls() > 0;
    }

    @Override
    public int numNulls() {
        return nullRows == null ? 0 : count(nullRows, firstRow, firstRow + rows);
    }

    @Override
    public boolean isNullAt(int row) {
        return nullRows != null && bit(nullRows, firstRow + row);
    }

    @Override
    public ColumnarArray getArray(int row) {
        int start = start(row);
        return new ColumnarArray(elements, start, start(row + 1) - start);
    }

    @Override
    public ColumnVector getChild(int ordinal) {
        return elements;
    }

    private static boolean bit(long[] bits, int at) {
        return (bits[at >> 6] & (1L << at)) != 0;
    }

    private static int count(long[] bits, int from, int to) {
        int n = 0;
        for (int i = from; i < to; i++) {
            n += bit(bits, i) ? 1 : 0;
        }
        return n;
    }

    private static final class Elements extends BufferColumn {
        private final long ids;
        private final IdType idType;
        private final long @Nullable [] nulls;

        Elements(DataType type, long ids, IdType idType, long @Nullable [] nulls) {
            super(type, null);
            this.ids = ids;
            this.idType = idType;
            this.nulls = nulls;
        }

        @Override
        public boolean hasNull() {
            return nulls != null;
        }

        @Override
        public int numNulls() {
            return nulls == null ? 0 : count(nulls, 0, 64 * nulls.length);
        }

        @Override
        public boolean isNullAt(int at) {
            return nulls != null && bit(nulls, at);
        }

        @Override
        public int getInt(int at) {
            return switch (idType) {
                case UINT8 -> Memory.getByte(ids + at) & 0xff;
                case UINT8_MASKED -> unmasked(Memory.getByte(ids + at) & 0xff, 0xff);
                case UINT16 -> Memory.getShort(ids + 2L * at) & 0xffff;
                case UINT16_MASKED -> unmasked(Memory.getShort(ids + 2L * at) & 0xffff, 0xffff);
                default -> Memory.getInt(ids + 4L * at);
            };
        }

        private static int unmasked(int code, int masked) {
            return code == masked ? -1 : code;
        }

        @Override
        public short getShort(int at) {
            return (short) getInt(at);
        }

        @Override
        public byte getByte(int at) {
            return (byte) getInt(at);
        }
    }
}

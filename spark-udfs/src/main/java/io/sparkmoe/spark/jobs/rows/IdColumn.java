package io.sparkmoe.spark.jobs.rows;

import io.sparkmoe.core.routing.PackedIds;
import java.io.Serializable;
import java.util.Arrays;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.Platform;

/**
 * Reads the topk_ids of one row into a reused int array, whatever their type: array of tinyint, smallint, int or bigint,
 * or packed binary. NULL elements read as -1. One a task; not thread-safe.
 */
public final class IdColumn implements Serializable {
    private static final long serialVersionUID = 1L;

    private enum Kind {
        BYTE,
        SHORT,
        INT,
        LONG,
        PACKED
    }

    private final Kind kind;
    private final boolean nullElements;
    private transient int[] ids = new int[0];

    private IdColumn(Kind kind, boolean nullElements) {
        this.kind = kind;
        this.nullElements = nullElements;
    }

    /**
     * A reader of a column.
     *
     * @throws IllegalArgumentException for a type that topk_ids cannot have
     */
    public static IdColumn of(DataType type) {
        if (type.equals(DataTypes.BinaryType)) {
            return new IdColumn(Kind.PACKED, false);
        }
        if (type instanceof ArrayType array) {
            return new IdColumn(kind(array.elementType(), type), array.containsNull());
        }
        throw unusable(type);
    }

    private static Kind kind(DataType element, DataType whole) {
        if (element.equals(DataTypes.IntegerType)) {
            return Kind.INT;
        }
        if (element.equals(DataTypes.ShortType)) {
            return Kind.SHORT;
        }
        if (element.equals(DataTypes.ByteType)) {
            return Kind.BYTE;
        }
        if (element.equals(DataTypes.LongType)) {
            return Kind.LONG;
        }
        throw unusable(whole);
    }

    private static IllegalArgumentException unusable(DataType type) {
        return new IllegalArgumentException("topk_ids has type " + type.simpleString()
                + "; it must be array<tinyint | smallint | int | bigint> or packed binary (moe_pack_ids)");
    }

    /**
     * Reads the ids of a row; they stand in {@link #ids()} until the next call.
     *
     * @param rowNumber number of the row, for messages about packed bytes
     * @return number of ids
     */
    public int read(InternalRow row, int ordinal, long rowNumber) {
        if (kind == Kind.PACKED) {
            ids = PackedIds.unpack(row.getBinary(ordinal), rowNumber);
            return ids.length;
        }
        ArrayData list = row.getArray(ordinal);
        int n = list.numElements();
        if (ids == null || ids.length < n) {
            ids = new int[Math.max(n, 1024)];
        }
        copy(list, n);
        if (nullElements) {
            maskNulls(list, n);
        }
        return n;
    }

    /** The ids last read; only the first so many count. */
    public int[] ids() {
        return ids;
    }

    /** A copy of the ids last read. */
    public int[] copyOf(int n) {
        return Arrays.copyOf(ids, n);
    }

    private void copy(ArrayData list, int n) {
        switch (kind) {
            case INT -> copyInts(list, n);
            case SHORT -> {
                for (int i = 0; i < n; i++) {
                    ids[i] = list.getShort(i);
                }
            }
            case BYTE -> {
                for (int i = 0; i < n; i++) {
                    ids[i] = list.getByte(i);
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    ids[i] = saturated(list.getLong(i));
                }
            }
        }
    }

    private void copyInts(ArrayData list, int n) {
        if (list instanceof UnsafeArrayData u) {
            long at = u.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(n);
            Platform.copyMemory(u.getBaseObject(), at, ids, Platform.INT_ARRAY_OFFSET, 4L * n);
            return;
        }
        for (int i = 0; i < n; i++) {
            ids[i] = list.isNullAt(i) ? -1 : list.getInt(i);
        }
    }

    /** 64-bit ids past int32 stay out of range rather than wrap into it. */
    private static int saturated(long id) {
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, id));
    }

    private void maskNulls(ArrayData list, int n) {
        for (int i = 0; i < n; i++) {
            if (list.isNullAt(i)) {
                ids[i] = -1;
            }
        }
    }
}

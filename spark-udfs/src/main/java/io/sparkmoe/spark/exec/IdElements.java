package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.Memory;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.unsafe.Platform;
import org.jspecify.annotations.Nullable;

/** Reads the elements of one row's list: Spark's unsafe arrays by one copy, everything else element by element. */
final class IdElements {
    private final @Nullable IdOptions options;
    private final String name;
    private long firstRow;

    /** Elements that are expert ids. */
    IdElements(IdOptions options) {
        this.options = options;
        this.name = "expert id";
    }

    /** Elements that are other numbers of 32 bits. */
    IdElements(String name) {
        this.options = null;
        this.name = name;
    }

    void reset(long newFirstRow) {
        firstRow = newFirstRow;
    }

    /** The type that ids of a column are collected in. 64-bit ids are range-checked into 32 bits. */
    static IdType typeOf(DataType type) {
        if (type instanceof ArrayType list) {
            return typeOf(list.elementType());
        }
        return type instanceof ByteType
                ? IdType.INT8
                : type instanceof ShortType ? IdType.INT16 : type instanceof BinaryType ? IdType.UINT8 : IdType.INT32;
    }

    /** Whether collecting must know the policy for invalid ids: only 64-bit ids may not fit what they are collected in. */
    static boolean policyMatters(DataType type) {
        return type instanceof ArrayType list ? policyMatters(list.elementType()) : type instanceof LongType;
    }

    /** Whether elements can be copied as they lie. */
    static boolean narrow(DataType element) {
        return element instanceof ByteType || element instanceof ShortType || element instanceof IntegerType;
    }

    /** The narrowest type that holds the ids of both. */
    static IdType common(IdType a, IdType b) {
        if (a == b) {
            return a;
        }
        if (a.signed() || b.signed()) {
            return IdType.INT32;
        }
        boolean masks = a.masks() || b.masks();
        int largest = Math.max(a.maxId(), b.maxId());
        return masks ? largest <= IdType.UINT16_MASKED.maxId() ? IdType.UINT16_MASKED : IdType.INT32 : IdType.UINT16;
    }

    static long length(ArrayData list, DataType element) {
        if (!(element instanceof ArrayType)) {
            return list.numElements();
        }
        long n = 0;
        for (int i = 0; i < list.numElements(); i++) {
            n += list.isNullAt(i) ? 0 : list.getArray(i).numElements();
        }
        return n;
    }

    void write(ArrayData list, DataType element, long address, IdType type, int segment) {
        if (!(element instanceof ArrayType inner)) {
            writeFlat(list, element, address, type, segment, 0);
            return;
        }
        long position = 0;
        for (int token = 0; token < list.numElements(); token++) {
            ArrayData ids = token(list, token, segment, position);
            writeFlat(ids, inner.elementType(), address + position * type.bytes(), type, segment, position);
            position += ids.numElements();
        }
    }

    /** One token's ids out of a nested list. */
    ArrayData token(ArrayData list, int token, int segment, long position) {
        if (list.isNullAt(token)) {
            throw new MalformedRoutingException(
                    firstRow + segment,
                    position,
                    "row " + (firstRow + segment) + ", token " + token
                            + ": the token's list is NULL, so its number of slots is unknown. Give it -1 ids instead.");
        }
        return list.getArray(token);
    }

    private void writeFlat(ArrayData list, DataType element, long address, IdType type, int segment, long position) {
        if (narrow(element) && type == typeOf(element) && list instanceof UnsafeArrayData unsafe && !hasNulls(unsafe)) {
            int n = unsafe.numElements();
            long from = unsafe.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(n);
            Memory.copy(unsafe.getBaseObject(), from, address, (long) n * type.bytes());
            return;
        }
        for (int i = 0; i < list.numElements(); i++) {
            if (list.isNullAt(i)) {
                IdCollector.putMasked(type, address, i);
            } else if (type != typeOf(element)) {
                Memory.putInt(address + 4L * i, element instanceof ByteType ? list.getByte(i) : list.getShort(i));
            } else if (element instanceof ByteType) {
                Memory.putByte(address + i, list.getByte(i));
            } else if (element instanceof ShortType) {
                Memory.putShort(address + 2L * i, list.getShort(i));
            } else if (element instanceof IntegerType) {
                Memory.putInt(address + 4L * i, list.getInt(i));
            } else {
                Memory.putInt(address + 4L * i, checked(list.getLong(i), segment, position + i));
            }
        }
    }

    /** A 64-bit id: as it is where it fits, an invalid id where it does not and such ids are dropped. */
    int checked(long id, int segment, long position) {
        if (id == (int) id) {
            return (int) id;
        }
        if (options == null) {
            throw new MalformedRoutingException(
                    firstRow + segment,
                    position,
                    String.format(
                            "row %d, position %d: %s %d does not fit 32 bits. It is the number of a row, or negative for "
                                    + "none.",
                            firstRow + segment, position, name, id));
        }
        if (options.invalid() == InvalidPolicy.DROP) {
            return Integer.MIN_VALUE;
        }
        throw MalformedRoutingException.expertId(firstRow + segment, position, id, options.numExperts());
    }

    private static boolean hasNulls(UnsafeArrayData array) {
        int words = (array.numElements() + 63) / 64;
        for (int w = 0; w < words; w++) {
            if (Platform.getLong(array.getBaseObject(), array.getBaseOffset() + 8 + 8L * w) != 0) {
                return true;
            }
        }
        return false;
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.PackedIds;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.ShortType;

/** The ids of one row's value on the heap, for what works row by row: NULL elements as -1. */
public final class RowIds {
    private RowIds() {}

    /**
     * @param type the column's type: a list of integers, a list of such lists, or packed binary
     * @param value array data or packed bytes, not null
     * @param options the policy for 64-bit ids that do not fit 32 bits
     * @throws io.sparkmoe.core.routing.MalformedRoutingException naming the position
     */
    public static int[] read(DataType type, Object value, IdOptions options) {
        if (value instanceof byte[] packed) {
            return PackedIds.unpack(packed, 0);
        }
        ArrayData list = (ArrayData) value;
        DataType element = ((ArrayType) type).elementType();
        int[] out = new int[Math.toIntExact(IdElements.length(list, element))];
        IdElements elements = new IdElements(options);
        if (!(element instanceof ArrayType inner)) {
            fill(elements, list, element, out, 0);
            return out;
        }
        int at = 0;
        for (int token = 0; token < list.numElements(); token++) {
            ArrayData ids = elements.token(list, token, 0, at);
            fill(elements, ids, inner.elementType(), out, at);
            at += ids.numElements();
        }
        return out;
    }

    private static void fill(IdElements elements, ArrayData list, DataType element, int[] out, int at) {
        for (int i = 0; i < list.numElements(); i++) {
            out[at + i] = list.isNullAt(i)
                    ? -1
                    : element instanceof IntegerType
                            ? list.getInt(i)
                            : element instanceof ShortType
                                    ? list.getShort(i)
                                    : element instanceof ByteType
                                            ? list.getByte(i)
                                            : elements.checked(list.getLong(i), 0, at + i);
        }
    }
}

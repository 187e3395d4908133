package io.sparkmoe.spark.jobs.rows;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/** The columns of the trace table that walks over its rows read, by place. */
public final class TraceFields implements Serializable {
    private static final long serialVersionUID = 1L;

    /** In the table's order, so that a scan's columns need no projection. */
    private static final List<String> NAMES = List.of(
            "source",
            "request_id",
            "choice",
            "step",
            "rank",
            "phase",
            "layer",
            "first_position",
            "num_tokens",
            "num_experts",
            "topk",
            "topk_ids",
            "bad",
            "attributes");

    public static final int TOPK_IDS = 11;
    private static final int BAD = 12;
    private static final int ATTRIBUTES = 13;
    private static final UTF8String DECODE = UTF8String.fromString("decode");
    private static final UTF8String CACHED = UTF8String.fromString("cached");
    private static final UTF8String TRUE = UTF8String.fromString("true");

    private final DataType idsType;
    private final int badFields;
    private final int badReason;

    private TraceFields(StructType schema) {
        idsType = schema.apply("topk_ids").dataType();
        StructType bad = (StructType) schema.apply("bad").dataType();
        badFields = bad.size();
        badReason = bad.fieldIndex("reason");
    }

    /** The fields of a table. */
    public static TraceFields of(Dataset<Row> trace) {
        return new TraceFields(trace.schema());
    }

    /** These columns of a table. */
    public static Dataset<Row> select(Dataset<Row> trace) {
        return trace.select(NAMES.stream().map(functions::col).toArray(Column[]::new));
    }

    /** The type of topk_ids. */
    public DataType idsType() {
        return idsType;
    }

    static boolean is(RowKey key, InternalRow row) {
        return key.is(row.getUTF8String(0), request(row), choice(row), step(row), rank(row));
    }

    static RowKey key(InternalRow row) {
        UTF8String request = request(row);
        return new RowKey(
                row.getUTF8String(0).copy(),
                request == null ? null : request.copy(),
                choice(row),
                step(row),
                rank(row));
    }

    private static @Nullable UTF8String request(InternalRow row) {
        return row.isNullAt(1) ? null : row.getUTF8String(1);
    }

    private static int choice(InternalRow row) {
        return row.isNullAt(2) ? 0 : row.getInt(2);
    }

    private static @Nullable Long step(InternalRow row) {
        return row.isNullAt(3) ? null : (Long) row.getLong(3);
    }

    private static @Nullable Integer rank(InternalRow row) {
        return row.isNullAt(4) ? null : (Integer) row.getInt(4);
    }

    static boolean decode(InternalRow row) {
        return !row.isNullAt(5) && DECODE.equals(row.getUTF8String(5));
    }

    static int layer(InternalRow row) {
        return row.getInt(6);
    }

    static int firstPosition(InternalRow row) {
        return row.getInt(7);
    }

    static int numTokens(InternalRow row) {
        return row.getInt(8);
    }

    static int numExperts(InternalRow row) {
        return row.getInt(9);
    }

    static int topk(InternalRow row) {
        return row.getInt(10);
    }

    static boolean cached(InternalRow row) {
        if (row.isNullAt(ATTRIBUTES)) {
            return false;
        }
        MapData attributes = row.getMap(ATTRIBUTES);
        ArrayData keys = attributes.keyArray();
        for (int i = 0; i < keys.numElements(); i++) {
            if (CACHED.equals(keys.getUTF8String(i))) {
                ArrayData values = attributes.valueArray();
                return !values.isNullAt(i) && TRUE.equals(values.getUTF8String(i));
            }
        }
        return false;
    }

    /** Why the reader could not use the record, or null. */
    @Nullable
    String badReason(InternalRow row) {
        if (row.isNullAt(BAD)) {
            return null;
        }
        InternalRow bad = row.getStruct(BAD, badFields);
        return bad.isNullAt(badReason)
                ? "unknown"
                : bad.getUTF8String(badReason).toString();
    }

    @Override
    public String toString() {
        return "TraceFields" + Arrays.asList(idsType, badFields);
    }
}

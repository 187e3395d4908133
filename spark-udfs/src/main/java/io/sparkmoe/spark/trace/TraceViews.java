package io.sparkmoe.spark.trace;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.execution.vectorized.ConstantColumnVector;
import org.apache.spark.sql.execution.vectorized.OnHeapColumnVector;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/** The columns of a partial Parquet trace table as columns of the trace table; the id lists are never copied. */
final class TraceViews {
    private TraceViews() {}

    /** The same value in every row; null gives NULL. */
    static ColumnVector constant(int rows, DataType type, @Nullable Object value) {
        ConstantColumnVector vector = new ConstantColumnVector(rows, type);
        if (value == null) {
            vector.setNull();
        } else if (value instanceof Integer number) {
            vector.setInt(number);
        } else {
            vector.setUtf8String(UTF8String.fromString(value.toString()));
        }
        return vector;
    }

    /** Whole numbers of any width as int or bigint. */
    static ColumnVector integer(DataType type, ColumnVector base) {
        return new ViewVector(type, base) {
            @Override
            public int getInt(int row) {
                return Math.toIntExact(Scalars.integer(base, row));
            }

            @Override
            public long getLong(int row) {
                return Scalars.integer(base, row);
            }
        };
    }

    /** Any scalar as text. */
    static ColumnVector text(ColumnVector base) {
        return new ViewVector(DataTypes.StringType, base) {
            @Override
            public UTF8String getUTF8String(int row) {
                return UTF8String.fromString(Scalars.text(base, row));
            }
        };
    }

    /** The number of tokens of id lists, length / topk. */
    static ColumnVector numTokens(ColumnVector ids, ColumnVector topk, String file, boolean mark) {
        return new ViewVector(DataTypes.IntegerType, ids) {
            @Override
            public boolean isNullAt(int row) {
                return ids.isNullAt(row) || topk.isNullAt(row) || (mark && remainder(row) != 0);
            }

            @Override
            public boolean hasNull() {
                return true;
            }

            private int remainder(int row) {
                return ids.getArray(row).numElements() % topk.getInt(row);
            }

            @Override
            public int getInt(int row) {
                int length = ids.getArray(row).numElements();
                if (remainder(row) != 0) {
                    throw new TraceFormatException(
                            file + ": a row of " + length + " topk_ids does not hold whole tokens; "
                                    + "allowed: a multiple of topk = " + topk.getInt(row)
                                    + ". Check the option topk against the recorded model, or read with onBadRows = mark.");
                }
                return length / topk.getInt(row);
            }
        };
    }

    /** Some rows of a column. */
    static ColumnVector selected(ColumnVector base, int[] rows) {
        return new ViewVector(base.dataType(), base) {
            @Override
            int row(int row) {
                return rows[row];
            }

            @Override
            public ColumnVector getChild(int ordinal) {
                ColumnVector child = base.getChild(ordinal);
                return dataType() instanceof StructType ? selected(child, rows) : child;
            }
        };
    }

    /** The attributes of each row: the table's own, and its columns that the trace table does not know. */
    static ColumnVector attributes(int rows, @Nullable ColumnVector own, Map<String, ColumnVector> unknown) {
        OnHeapColumnVector out = new OnHeapColumnVector(Math.max(1, rows), TraceSchema.ATTRIBUTES_TYPE);
        int at = 0;
        for (int row = 0; row < rows; row++) {
            Map<String, String> all = own == null ? new LinkedHashMap<>() : copy(own, row);
            for (Map.Entry<String, ColumnVector> e : unknown.entrySet()) {
                if (!e.getValue().isNullAt(row)) {
                    all.put(e.getKey(), Scalars.text(e.getValue(), row));
                }
            }
            out.putArray(row, at, all.size());
            at += all.size();
            all.forEach((key, value) -> {
                append((OnHeapColumnVector) out.getChild(0), key);
                append((OnHeapColumnVector) out.getChild(1), value);
            });
        }
        return out;
    }

    private static void append(OnHeapColumnVector to, @Nullable String value) {
        if (value == null) {
            to.appendNull();
        } else {
            byte[] bytes = UTF8String.fromString(value).getBytes();
            to.appendByteArray(bytes, 0, bytes.length);
        }
    }

    private static Map<String, String> copy(ColumnVector own, int row) {
        Map<String, String> all = new LinkedHashMap<>();
        if (!own.isNullAt(row)) {
            ColumnarMap map = own.getMap(row);
            for (int i = 0; i < map.numElements(); i++) {
                UTF8String value =
                        map.valueArray().isNullAt(i) ? null : map.valueArray().getUTF8String(i);
                all.put(map.keyArray().getUTF8String(i).toString(), value == null ? null : value.toString());
            }
        }
        return all;
    }
}

package io.sparkmoe.spark.exec;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.jspecify.annotations.Nullable;

/** One input over the rows of a slice, wherever it lies. */
sealed interface InputColumn {
    boolean isNullAt(int row);

    /** Whether a row may be NULL. */
    boolean hasNull();

    /** A row's array data or bytes; the row is not NULL. */
    Object value(int row);

    /**
     * A vector, or one inside vectors of structs.
     *
     * @param offset of the slice's row 0
     * @param structs what the vector lies in; where one is NULL, so is the input
     */
    record Vector(ColumnVector column, int offset, List<ColumnVector> structs) implements InputColumn {
        static Vector of(ColumnVector outer, InputRef.Column ref) {
            ColumnVector column = outer;
            int offset = 0;
            while (column instanceof OffsetColumn o) {
                offset += o.offset();
                column = o.column();
            }
            ColumnVector[] structs = new ColumnVector[ref.path().size()];
            for (int i = 0; i < structs.length; i++) {
                structs[i] = column;
                column = column.getChild(ref.path().get(i).ordinal());
            }
            return new Vector(column, offset, List.of(structs));
        }

        @Override
        public boolean isNullAt(int row) {
            for (ColumnVector struct : structs) {
                if (struct.isNullAt(offset + row)) {
                    return true;
                }
            }
            return column.isNullAt(offset + row);
        }

        @Override
        public boolean hasNull() {
            return column.hasNull() || structs.stream().anyMatch(ColumnVector::hasNull);
        }

        @Override
        public Object value(int row) {
            return column.dataType() instanceof ArrayType
                    ? column.getArray(offset + row)
                    : column.getBinary(offset + row);
        }
    }

    /** A field of rows. */
    record Rows(List<InternalRow> rows, int ordinal, InputRef.Column ref) implements InputColumn {
        /** The row that holds the field itself, or null where a struct on the way is NULL. */
        private @Nullable InternalRow holder(int row) {
            InternalRow at = rows.get(row);
            int field = ordinal;
            for (InputRef.Field step : ref.path()) {
                if (at.isNullAt(field)) {
                    return null;
                }
                at = at.getStruct(field, step.width());
                field = step.ordinal();
            }
            return at;
        }

        private int field() {
            return ref.path().isEmpty()
                    ? ordinal
                    : ref.path().get(ref.path().size() - 1).ordinal();
        }

        @Override
        public boolean isNullAt(int row) {
            InternalRow at = holder(row);
            return at == null || at.isNullAt(field());
        }

        @Override
        public boolean hasNull() {
            return true;
        }

        @Override
        public Object value(int row) {
            InternalRow at = holder(row);
            if (at == null) {
                throw new IllegalStateException("row " + row + " is NULL");
            }
            return ref.type() instanceof ArrayType ? at.getArray(field()) : at.getBinary(field());
        }

        /** The unsafe row that holds a binary field, for reading it where it lies; null where there is none. */
        @Nullable
        UnsafeRow unsafe(int row) {
            return holder(row) instanceof UnsafeRow u ? u : null;
        }

        /** Ordinal of the field in {@link #unsafe}. */
        int unsafeField() {
            return field();
        }
    }

    /** One value for every row. */
    record Constant(InputRef.Constant ref) implements InputColumn {
        @Override
        public boolean isNullAt(int row) {
            return ref.value() == null;
        }

        @Override
        public boolean hasNull() {
            return ref.value() == null;
        }

        @Override
        public Object value(int row) {
            Object value = ref.value();
            if (value == null) {
                throw new IllegalStateException("the constant is NULL");
            }
            return value;
        }
    }
}

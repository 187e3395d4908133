package io.sparkmoe.spark.exec;

import java.util.List;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.jspecify.annotations.Nullable;

/** A struct of columns. */
final class StructColumn extends BufferColumn {
    private final List<ColumnVector> fields;

    StructColumn(StructType type, List<ColumnVector> fields, long @Nullable [] nulls) {
        super(type, nulls);
        this.fields = fields;
    }

    @Override
    public ColumnVector getChild(int ordinal) {
        return fields.get(ordinal);
    }
}

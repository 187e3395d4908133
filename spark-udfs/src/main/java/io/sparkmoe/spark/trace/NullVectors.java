package io.sparkmoe.spark.trace;

import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.spark.sql.types.StructField;

/** Vectors of the columns that a recorder leaves NULL. */
final class NullVectors {
    private NullVectors() {}

    static FieldVector of(StructField field, BufferAllocator allocator) {
        return switch (field.name()) {
            case TraceSchema.STEP -> vector(field, new ArrowType.Int(64, true), allocator);
            case TraceSchema.RANK -> vector(field, new ArrowType.Int(32, true), allocator);
            case TraceSchema.TOPK_WEIGHTS -> {
                ArrowType single = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
                Field element = new Field("element", FieldType.notNullable(single), null);
                yield new Field(field.name(), FieldType.nullable(ArrowType.List.INSTANCE), List.of(element))
                        .createVector(allocator);
            }
            default -> throw new IllegalArgumentException("not a column of the trace table: " + field.name());
        };
    }

    private static FieldVector vector(StructField field, ArrowType type, BufferAllocator allocator) {
        return new Field(field.name(), FieldType.nullable(type), null).createVector(allocator);
    }
}

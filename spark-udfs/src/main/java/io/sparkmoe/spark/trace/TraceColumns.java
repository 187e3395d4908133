package io.sparkmoe.spark.trace;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.spark.sql.types.StructField;
import org.jspecify.annotations.Nullable;

/** Writes the columns of the trace table into Arrow vectors, row after row. */
final class TraceColumns {
    private static final ArrowType UTF8 = ArrowType.Utf8.INSTANCE;
    private static final ArrowType INT = new ArrowType.Int(32, true);
    private static final ArrowType BIGINT = new ArrowType.Int(64, true);

    private TraceColumns() {}

    /** One column. */
    interface Column {
        FieldVector vector();

        /** Writes a row; rows come in order, from 0 after each reset of the vector. */
        void write(int row, TraceRow from);

        /** Completes the vector for the rows written. */
        default void finish(int rows) {
            vector().setValueCount(rows);
        }
    }

    static Column of(StructField field, ModelFacts facts, BufferAllocator allocator) {
        String name = field.name();
        return switch (name) {
            case TraceSchema.SOURCE -> text(name, allocator, TraceRow::source);
            case TraceSchema.REQUEST_ID -> text(name, allocator, TraceRow::requestId);
            case TraceSchema.CHOICE -> integer(name, allocator, TraceRow::choice);
            case TraceSchema.CHECKPOINT -> text(name, allocator, TraceRow::checkpoint);
            case TraceSchema.PHASE -> text(name, allocator, TraceRow::phase);
            case TraceSchema.LAYER -> integer(name, allocator, TraceRow::layer);
            case TraceSchema.FIRST_POSITION -> integer(name, allocator, TraceRow::firstPosition);
            case TraceSchema.NUM_TOKENS -> integer(name, allocator, TraceRow::numTokens);
            case TraceSchema.NUM_EXPERTS -> integer(name, allocator, r -> facts.requireNumExperts());
            case TraceSchema.TOPK -> integer(name, allocator, r -> facts.requireTopk());
            case TraceSchema.SLOT_ORDER -> text(name, allocator, TraceRow::slotOrder);
            case TraceSchema.ID_SPACE -> text(name, allocator, r -> "logical");
            case TraceSchema.TOPK_IDS -> ValuesColumn.ids(name, facts, allocator);
            case TraceSchema.TOPK_WEIGHTS -> ValuesColumn.weights(name, facts, allocator);
            case TraceSchema.TOKEN_IDS -> ValuesColumn.tokens(name, allocator);
            case TraceSchema.ATTRIBUTES -> new Attributes(name, allocator);
            case TraceSchema.BAD -> new Bad(name, allocator);
            case TraceSchema.STEP -> new Nulls(vector(name, BIGINT, allocator));
            case TraceSchema.RANK -> new Nulls(vector(name, INT, allocator));
            default -> throw new IllegalArgumentException("not a column of the trace table: " + name);
        };
    }

    private static Column text(String name, BufferAllocator allocator, Function<TraceRow, @Nullable String> value) {
        return new Text((VarCharVector) vector(name, UTF8, allocator), value);
    }

    private static Column integer(String name, BufferAllocator allocator, Function<TraceRow, @Nullable Integer> value) {
        return new Int((IntVector) vector(name, INT, allocator), value);
    }

    private static FieldVector vector(String name, ArrowType type, BufferAllocator allocator) {
        return new Field(name, FieldType.nullable(type), null).createVector(allocator);
    }

    private static Field child(String name, ArrowType type) {
        return new Field(name, FieldType.nullable(type), null);
    }

    private static void set(VarCharVector vector, int row, @Nullable String value) {
        if (value == null) {
            vector.setNull(row);
        } else {
            vector.setSafe(row, value.getBytes(UTF_8));
        }
    }

    private record Text(VarCharVector vector, Function<TraceRow, @Nullable String> value) implements Column {
        @Override
        public void write(int row, TraceRow from) {
            set(vector, row, value.apply(from));
        }
    }

    private record Int(IntVector vector, Function<TraceRow, @Nullable Integer> value) implements Column {
        @Override
        public void write(int row, TraceRow from) {
            Integer number = value.apply(from);
            if (number == null) {
                vector.setNull(row);
            } else {
                vector.setSafe(row, number);
            }
        }
    }

    /** A column that no reader fills. */
    private record Nulls(FieldVector vector) implements Column {
        @Override
        public void write(int row, TraceRow from) {
            vector.setNull(row);
        }
    }

    private static final class Attributes implements Column {
        private final MapVector map;

        Attributes(String name, BufferAllocator allocator) {
            Field key = new Field(MapVector.KEY_NAME, FieldType.notNullable(UTF8), null);
            Field entries = new Field(
                    MapVector.DATA_VECTOR_NAME,
                    FieldType.notNullable(ArrowType.Struct.INSTANCE),
                    List.of(key, child(MapVector.VALUE_NAME, UTF8)));
            map = (MapVector) new Field(name, FieldType.nullable(new ArrowType.Map(false)), List.of(entries))
                    .createVector(allocator);
        }

        @Override
        public FieldVector vector() {
            return map;
        }

        @Override
        public void write(int row, TraceRow from) {
            StructVector entries = (StructVector) map.getDataVector();
            VarCharVector keys = (VarCharVector) entries.getChild(MapVector.KEY_NAME);
            VarCharVector values = (VarCharVector) entries.getChild(MapVector.VALUE_NAME);
            Map<String, String> attributes = from.attributes();
            int at = map.startNewValue(row);
            for (Map.Entry<String, String> e : attributes.entrySet()) {
                entries.setIndexDefined(at);
                set(keys, at, e.getKey());
                set(values, at++, e.getValue());
            }
            map.endValue(row, attributes.size());
        }
    }

    private static final class Bad implements Column {
        private final StructVector struct;

        Bad(String name, BufferAllocator allocator) {
            List<Field> children = List.of(
                    child("reason", UTF8),
                    child("record", BIGINT),
                    child("position", BIGINT),
                    child("value", UTF8),
                    child("allowed", UTF8),
                    child("bytes", ArrowType.Binary.INSTANCE));
            struct = (StructVector)
                    new Field(name, FieldType.nullable(ArrowType.Struct.INSTANCE), children).createVector(allocator);
        }

        @Override
        public FieldVector vector() {
            return struct;
        }

        @Override
        public void write(int row, TraceRow from) {
            BadRecord bad = from.bad();
            if (bad == null) {
                struct.setNull(row);
                return;
            }
            struct.setIndexDefined(row);
            set((VarCharVector) struct.getChild("reason"), row, bad.reason().code());
            if (bad.record() >= 0) {
                ((BigIntVector) struct.getChild("record")).setSafe(row, bad.record());
            }
            if (bad.position() >= 0) {
                ((BigIntVector) struct.getChild("position")).setSafe(row, bad.position());
            }
            set((VarCharVector) struct.getChild("value"), row, bad.value());
            set((VarCharVector) struct.getChild("allowed"), row, bad.allowed());
            ((VarBinaryVector) struct.getChild("bytes"))
                    .setSafe(row, bad.bytes().array());
        }
    }
}

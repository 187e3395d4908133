package io.sparkmoe.spark.trace;

import io.sparkmoe.core.routing.Memory;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.jspecify.annotations.Nullable;

/** The lists of a batch (ids, weights, tokens): one contiguous run of numbers, which rows put straight into memory. */
final class ValuesColumn implements TraceColumns.Column {
    private static final ArrowType SINGLE = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

    /** What a row puts; {@code null} length is a NULL list. */
    interface Values {
        @Nullable
        Integer length(TraceRow row);

        void put(TraceRow row, long address);
    }

    private final ListVector list;
    private final BaseFixedWidthVector values;
    private final int width;
    private final Values from;
    private long used;

    private ValuesColumn(String name, ArrowType type, int width, BufferAllocator allocator, Values from) {
        Field element = new Field("element", FieldType.notNullable(type), null);
        this.list = (ListVector)
                new Field(name, FieldType.nullable(ArrowType.List.INSTANCE), List.of(element)).createVector(allocator);
        this.values = (BaseFixedWidthVector) list.getDataVector();
        this.width = width;
        this.from = from;
    }

    static ValuesColumn ids(String name, ModelFacts facts, BufferAllocator allocator) {
        boolean wide = TraceSchema.wide(facts.requireNumExperts());
        int topk = facts.requireTopk();
        int width = wide ? 4 : 2;
        return new ValuesColumn(name, new ArrowType.Int(8 * width, true), width, allocator, new Values() {
            @Override
            public @Nullable Integer length(TraceRow row) {
                return row.bad() != null ? null : (Integer) Math.multiplyExact(row.numTokens(), topk);
            }

            @Override
            public void put(TraceRow row, long address) {
                row.putIds(address, wide);
            }
        });
    }

    static ValuesColumn weights(String name, ModelFacts facts, BufferAllocator allocator) {
        int topk = facts.requireTopk();
        return new ValuesColumn(name, SINGLE, 4, allocator, new Values() {
            @Override
            public @Nullable Integer length(TraceRow row) {
                boolean known = row.bad() == null && row.hasWeights();
                return known ? (Integer) Math.multiplyExact(row.numTokens(), topk) : null;
            }

            @Override
            public void put(TraceRow row, long address) {
                row.putWeights(address);
            }
        });
    }

    static ValuesColumn tokens(String name, BufferAllocator allocator) {
        return new ValuesColumn(name, new ArrowType.Int(32, true), 4, allocator, new Values() {
            @Override
            public @Nullable Integer length(TraceRow row) {
                return row.bad() == null && row.hasTokens() ? row.numTokens() : null;
            }

            @Override
            public void put(TraceRow row, long address) {
                row.putTokens(address);
            }
        });
    }

    @Override
    public FieldVector vector() {
        return list;
    }

    @Override
    public void write(int row, TraceRow of) {
        used = row == 0 ? 0 : used;
        Integer length = from.length(of);
        if (length == null) {
            list.setNull(row);
            return;
        }
        while (values.getValueCapacity() < used + length) {
            values.reAlloc();
        }
        list.startNewValue(row);
        from.put(of, values.getDataBuffer().memoryAddress() + width * used);
        list.endValue(row, length);
        used += length;
    }

    /** Completes the vector; every value is defined. */
    @Override
    public void finish(int rows) {
        list.setValueCount(rows);
        Memory.fill(values.getValidityBuffer().memoryAddress(), (values.getValueCount() + 7L) / 8, (byte) 0xff);
    }
}

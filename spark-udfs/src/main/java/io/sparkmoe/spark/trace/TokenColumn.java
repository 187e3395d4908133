package io.sparkmoe.spark.trace;

import io.sparkmoe.core.routing.Memory;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.ListVector;

/** The token ids of each row's positions, where the record has them. */
final class TokenColumn implements TraceColumns.Column {
    private final ListVector list;
    private final BaseFixedWidthVector tokens;
    private long used;

    TokenColumn(String name, BufferAllocator allocator) {
        list = IdColumn.intList(name, 32, allocator);
        tokens = (BaseFixedWidthVector) list.getDataVector();
    }

    @Override
    public FieldVector vector() {
        return list;
    }

    @Override
    public void write(int row, TraceRow from) {
        used = row == 0 ? 0 : used;
        TraceSequence sequence = from.sequence();
        if (sequence == null || !sequence.hasTokens(from.firstPosition())) {
            list.setNull(row);
            return;
        }
        IdColumn.reserve(tokens, used + from.numTokens());
        list.startNewValue(row);
        long at = tokens.getDataBuffer().memoryAddress() + 4 * used;
        for (int t = 0; t < from.numTokens(); t++, at += 4) {
            Memory.putInt(at, sequence.token(from.firstPosition() + t));
        }
        list.endValue(row, from.numTokens());
        used += from.numTokens();
    }

    @Override
    public void finish(int rows) {
        IdColumn.finish(list, tokens, rows);
    }
}

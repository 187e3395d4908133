package io.sparkmoe.spark.trace;

import io.sparkmoe.core.routing.Memory;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * The id lists of a batch, one contiguous run of 16-bit (or 32-bit) numbers: gathers a layer's ids from the payload's
 * [rows, numLayers, topk] into a row's [num_tokens, topk].
 */
final class IdColumn implements TraceColumns.Column {
    private final ListVector list;
    private final BaseFixedWidthVector ids;
    private final boolean wide;
    private final int topk;
    private long used;

    IdColumn(String name, BufferAllocator allocator, ModelFacts facts) {
        this.wide = TraceSchema.wide(facts.requireNumExperts());
        this.topk = facts.requireTopk();
        this.list = intList(name, wide ? 32 : 16, allocator);
        this.ids = (BaseFixedWidthVector) list.getDataVector();
    }

    /** An empty list vector of integers that are never NULL. */
    static ListVector intList(String name, int bits, BufferAllocator allocator) {
        Field element = new Field("element", FieldType.notNullable(new ArrowType.Int(bits, true)), null);
        return (ListVector)
                new Field(name, FieldType.nullable(ArrowType.List.INSTANCE), List.of(element)).createVector(allocator);
    }

    @Override
    public FieldVector vector() {
        return list;
    }

    @Override
    public void write(int row, TraceRow from) {
        used = row == 0 ? 0 : used;
        TraceSequence sequence = from.sequence();
        if (sequence == null) {
            list.setNull(row);
            return;
        }
        int length = Math.multiplyExact(from.numTokens(), topk);
        reserve(ids, used + length);
        list.startNewValue(row);
        if (wide) {
            gatherWide(from, ids.getDataBuffer().memoryAddress() + 4 * used);
        } else {
            gather(from, ids.getDataBuffer().memoryAddress() + 2 * used);
        }
        list.endValue(row, length);
        used += length;
    }

    static void reserve(BaseFixedWidthVector vector, long values) {
        while (vector.getValueCapacity() < values) {
            vector.reAlloc();
        }
    }

    private void gather(TraceRow row, long to) {
        TraceSequence s = row.sequence();
        long stride = (long) s.numLayers() * topk;
        long from = (row.firstPosition() - s.start()) * stride + (long) row.layer() * topk;
        long at = to;
        for (int t = 0; t < row.numTokens(); t++, from += stride) {
            int offset = (int) from & IdStore.MASK;
            if (!s.ids().isWide() && offset + topk <= IdStore.CHUNK) {
                short[] chunk = s.ids().narrowChunk((int) (from >>> IdStore.CHUNK_BITS));
                for (int k = 0; k < topk; k++, at += 2) {
                    Memory.putShort(at, chunk[offset + k]);
                }
            } else {
                for (int k = 0; k < topk; k++, at += 2) {
                    Memory.putShort(at, (short) s.ids().get(from + k));
                }
            }
        }
    }

    private void gatherWide(TraceRow row, long to) {
        TraceSequence s = row.sequence();
        long stride = (long) s.numLayers() * topk;
        long from = (row.firstPosition() - s.start()) * stride + (long) row.layer() * topk;
        long at = to;
        for (int t = 0; t < row.numTokens(); t++, from += stride) {
            for (int k = 0; k < topk; k++, at += 4) {
                Memory.putInt(at, s.ids().get(from + k));
            }
        }
    }

    @Override
    public void finish(int rows) {
        finish(list, ids, rows);
    }

    /** Completes a list vector whose values were written straight into memory: every value is defined. */
    static void finish(ListVector list, BaseFixedWidthVector values, int rows) {
        list.setValueCount(rows);
        Memory.fill(values.getValidityBuffer().memoryAddress(), (values.getValueCount() + 7L) / 8, (byte) 0xff);
    }
}

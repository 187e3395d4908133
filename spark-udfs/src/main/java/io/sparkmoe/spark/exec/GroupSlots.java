package io.sparkmoe.spark.exec;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * Dense slots for group keys, in the order in which keys come. Slot 0 is no group: it takes what NULL lists would add.
 * A single small integer key (a layer, say) goes through a table, others through a hash of the projected key.
 */
final class GroupSlots {
    private static final int TABLE = 1 << 16;

    private final UnsafeProjection projection;
    private final Map<UnsafeRow, Integer> slots = new HashMap<>();
    private final List<UnsafeRow> keys = new ArrayList<>();
    private final boolean keyless;
    private final @Nullable BoundReference integerKey;
    private final int[] table = new int[TABLE];
    private @Nullable UnsafeRow lastKey;
    private int lastSlot;

    GroupSlots(List<Expression> keyReferences) {
        this.projection = UnsafeProjection.create(io.sparkmoe.spark.interop.Scala.seq(keyReferences));
        this.keyless = keyReferences.isEmpty();
        this.integerKey =
                keyReferences.size() == 1 && keyReferences.get(0) instanceof BoundReference b && integer(b.dataType())
                        ? b
                        : null;
    }

    private static boolean integer(DataType type) {
        return type instanceof ByteType
                || type instanceof ShortType
                || type instanceof IntegerType
                || type instanceof LongType;
    }

    /** Slots in use, slot 0 included. */
    int size() {
        return keys.size() + 1;
    }

    /** The key of a slot from 1 on. */
    UnsafeRow key(int slot) {
        return keys.get(slot - 1);
    }

    void clear() {
        slots.clear();
        keys.clear();
        Arrays.fill(table, 0);
        lastKey = null;
    }

    /** Slot of a row's key, a new one where the key is new. */
    int slot(InternalRow row) {
        UnsafeRow key = projection.apply(row);
        if (lastKey != null && lastKey.equals(key)) {
            return lastSlot;
        }
        Integer known = slots.get(key);
        if (known == null) {
            UnsafeRow copy = key.copy();
            keys.add(copy);
            known = keys.size();
            slots.put(copy, known);
        }
        lastKey = keys.get(known - 1);
        lastSlot = known;
        return known;
    }

    /**
     * Gives rows of a batch their slots, until the rows or the task's room for groups end.
     *
     * @return the first row without a slot
     */
    int assign(ColumnarBatch batch, int from, int to, PartialTask task) {
        if (keyless && from < to && !task.full()) {
            task.addSlots(slot(batch.getRow(from)), to - from);
            return to;
        }
        ColumnVector column = integerKey == null ? null : batch.column(integerKey.ordinal());
        if (column == null || column.hasNull()) {
            int row = from;
            for (; row < to && !task.full(); row++) {
                task.addSlot(slot(batch.getRow(row)));
            }
            return row;
        }
        long[] keyValues = values(column, from, to - from);
        for (int i = 0; i < keyValues.length; i++) {
            long key = keyValues[i];
            int slot = key >= 0 && key < TABLE ? table[(int) key] : 0;
            if (slot == 0) {
                if (task.full()) {
                    return from + i;
                }
                slot = slot(batch.getRow(from + i));
                if (key >= 0 && key < TABLE) {
                    table[(int) key] = slot;
                }
            }
            task.addSlot(slot);
        }
        return to;
    }

    private static long[] values(ColumnVector column, int from, int count) {
        DataType type = column.dataType();
        if (type instanceof LongType) {
            return column.getLongs(from, count);
        }
        long[] values = new long[count];
        if (type instanceof IntegerType) {
            int[] ints = column.getInts(from, count);
            for (int i = 0; i < count; i++) {
                values[i] = ints[i];
            }
            return values;
        }
        for (int i = 0; i < count; i++) {
            values[i] = type instanceof ShortType ? column.getShort(from + i) : column.getByte(from + i);
        }
        return values;
    }
}

package io.sparkmoe.spark.exec;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/** Buffers rows up to the bound, runs the functions over them, and emits each row with its results. */
final class RowSlices implements Iterator<InternalRow> {
    private static final int MAX_ROWS = 4096;

    private final SliceTask task;
    private final List<Call> calls;
    private final DataType[] types;
    private final UnsafeProjection output;
    private final Iterator<InternalRow> input;
    private final List<InternalRow> rows = new ArrayList<>();
    private final JoinedRow joined = new JoinedRow();
    private @Nullable ColumnarBatch results;
    private int position;

    RowSlices(
            SliceTask task, List<Call> calls, DataType[] types, UnsafeProjection output, Iterator<InternalRow> input) {
        this.task = task;
        this.calls = calls;
        this.types = types;
        this.output = output;
        this.input = input;
    }

    @Override
    public boolean hasNext() {
        return position < rows.size() || fill();
    }

    @Override
    public InternalRow next() {
        ColumnarBatch current = hasNext() ? results : null;
        if (current == null) {
            throw new NoSuchElementException();
        }
        InternalRow row = output.apply(joined.apply(rows.get(position), current.getRow(position)));
        position++;
        return row;
    }

    private boolean fill() {
        rows.clear();
        position = 0;
        results = null;
        task.begin();
        long bytes = 0;
        while (rows.size() < MAX_ROWS && bytes <= task.maxBytes() && input.hasNext()) {
            InternalRow row = input.next();
            bytes += row instanceof UnsafeRow unsafe ? unsafe.getSizeInBytes() : 0;
            bytes += add(row);
            rows.add(row.copy());
        }
        if (rows.isEmpty()) {
            return false;
        }
        results = new ColumnarBatch(task.run(rows.size()), rows.size());
        return true;
    }

    /** Collects a row's ids; returns the bytes its ids and results may take. */
    private long add(InternalRow row) {
        long bytes = 0;
        for (int i = 0; i < calls.size(); i++) {
            int ordinal = calls.get(i).input();
            Object value = row.isNullAt(ordinal)
                    ? null
                    : types[i] instanceof ArrayType ? row.getArray(ordinal) : row.getBinary(ordinal);
            IdCollector collector = task.collector(i);
            long before = collector.ids();
            if (task.fills(i)) {
                task.named(i, () -> collector.add(value));
                bytes += task.bound(i, collector.ids() - before);
            } else {
                bytes += task.bound(i, collector.lastLength());
            }
        }
        return bytes;
    }
}

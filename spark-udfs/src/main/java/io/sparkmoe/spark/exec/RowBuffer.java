package io.sparkmoe.spark.exec;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;

/** Buffers rows, up to a bound on their bytes, into slices without results. */
record RowBuffer(Iterator<InternalRow> input, int width, long maxBytes) implements Iterator<RowSlice> {
    private static final int MAX_ROWS = 4096;

    @Override
    public boolean hasNext() {
        return input.hasNext();
    }

    @Override
    public RowSlice next() {
        if (!input.hasNext()) {
            throw new NoSuchElementException();
        }
        List<InternalRow> rows = new ArrayList<>();
        long bytes = 0;
        while (rows.size() < MAX_ROWS && bytes <= maxBytes && input.hasNext()) {
            InternalRow row = input.next();
            bytes += row instanceof UnsafeRow unsafe ? unsafe.getSizeInBytes() : 0;
            rows.add(row.copy());
        }
        return RowSlice.of(rows, width);
    }
}

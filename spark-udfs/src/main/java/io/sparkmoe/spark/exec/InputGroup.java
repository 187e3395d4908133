package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.RoutingBackend;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of one or several calls over the slice in hand, collected side by side: a row that is NULL in one of them
 * becomes an empty segment in all, so that segments stay aligned.
 */
final class InputGroup implements AutoCloseable {
    private final List<InputRef> refs;
    private final List<InputCollector> collectors = new ArrayList<>();
    private final InputColumn[] columns;
    private final long[] lengths;
    private final int[] widths;
    private long @Nullable [] nulls;

    InputGroup(List<InputRef> refs) {
        this.refs = refs;
        this.columns = new InputColumn[refs.size()];
        this.lengths = new long[refs.size()];
        this.widths = new int[refs.size()];
    }

    /** The collector of the next input. */
    void add(InputCollector collector) {
        collectors.add(collector);
    }

    /** Turns to the rows that slices are cut from next. */
    void look(Slice slice) {
        for (int i = 0; i < columns.length; i++) {
            columns[i] = slice.input(refs.get(i));
        }
    }

    /** Elements of a row's inputs, 0 where one is NULL; valid until asked for another row. */
    long[] lengths(int row) {
        boolean anyNull = isNullAt(row);
        for (int i = 0; i < columns.length; i++) {
            lengths[i] = anyNull ? 0 : collectors.get(i).length(columns[i], row);
        }
        return lengths;
    }

    /** Bytes of an element of each input. */
    int[] widths() {
        for (int i = 0; i < columns.length; i++) {
            widths[i] = collectors.get(i).width();
        }
        return widths;
    }

    /** Begins to look for the end of a slice that starts at the row asked about next. */
    void startSlice() {
        collectors.forEach(InputCollector::startSlice);
    }

    /** Whether a row can be in one slice with those before it. */
    boolean joins(int row) {
        for (int i = 0; i < columns.length; i++) {
            if (!collectors.get(i).joins(columns[i], row)) {
                return false;
            }
        }
        return true;
    }

    /** Whether an input is a tensor that goes on without a copy. */
    boolean inPlace() {
        for (int i = 0; i < columns.length; i++) {
            if (collectors.get(i) instanceof TensorCollector t && t.inPlace(columns[i])) {
                return true;
            }
        }
        return false;
    }

    private boolean isNullAt(int row) {
        for (InputColumn column : columns) {
            if (column.isNullAt(row)) {
                return true;
            }
        }
        return false;
    }

    /** Collects the rows [from, to) as a slice of its own. */
    void collect(int from, int to, long firstRow) {
        nulls = nulls(from, to);
        for (int i = 0; i < columns.length; i++) {
            collectors.get(i).reset(firstRow);
            collectors.get(i).add(columns[i], from, to, nulls);
        }
    }

    private long @Nullable [] nulls(int from, int to) {
        boolean possible = false;
        for (InputColumn column : columns) {
            possible |= column.hasNull();
        }
        long[] found = null;
        for (int row = from; possible && row < to; row++) {
            if (isNullAt(row)) {
                found = found == null ? new long[(to - from + 63) >> 6] : found;
                found[(row - from) >> 6] |= 1L << (row - from);
            }
        }
        return found;
    }

    BatchInputs inputs(RoutingBackend backend, BufferAllocator allocator) {
        return new BatchInputs(backend, collectors, nulls, allocator);
    }

    long ids() {
        return collectors.stream().mapToLong(InputCollector::ids).sum();
    }

    long bytes() {
        return collectors.stream().mapToLong(InputCollector::bytes).sum();
    }

    long bytesInPlace() {
        return collectors.stream().mapToLong(InputCollector::bytesInPlace).sum();
    }

    @Override
    public void close() {
        collectors.forEach(InputCollector::close);
    }
}

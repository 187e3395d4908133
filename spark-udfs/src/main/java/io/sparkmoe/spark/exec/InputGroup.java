package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.BufferSource;
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
    private final List<BatchOperator> operators = new ArrayList<>();
    private final InputColumn[] columns;
    private final long[] lengths;
    private final int[] widths;
    private boolean nullable;
    private long @Nullable [] nulls;

    InputGroup(List<InputRef> refs) {
        this.refs = refs;
        this.columns = new InputColumn[refs.size()];
        this.lengths = new long[refs.size()];
        this.widths = new int[refs.size()];
    }

    /** Opens a collector an input; what has been opened is closed with the group, also where one of them fails. */
    void open(List<InputKind> kinds, BufferSource buffers, boolean inPlace) {
        for (int i = 0; i < kinds.size(); i++) {
            collectors.add(kinds.get(i).collector(refs.get(i).type(), buffers, inPlace));
        }
    }

    /** An operator that runs over these inputs. */
    void serves(BatchOperator operator) {
        operators.add(operator);
    }

    /** Turns to the rows that slices are cut from next. */
    void look(Slice slice) {
        nullable = false;
        for (int i = 0; i < columns.length; i++) {
            columns[i] = slice.input(refs.get(i));
            nullable |= columns[i].hasNull();
        }
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

    /** Bytes that a row's results, and its inputs once collected, may take; asked after {@link #joins}. */
    long bound(int row, boolean withInputs) {
        boolean isNull = isNullAt(row);
        long bytes = 0;
        for (int i = 0; i < columns.length; i++) {
            lengths[i] = isNull ? 0 : collectors.get(i).length(columns[i], row);
            widths[i] = collectors.get(i).width();
            bytes += withInputs ? lengths[i] * widths[i] : 0;
        }
        for (int i = 0; i < operators.size(); i++) {
            bytes += operators.get(i).maxResultBytes(lengths, widths);
        }
        return bytes;
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
        for (int i = 0; nullable && i < columns.length; i++) {
            if (columns[i].isNullAt(row)) {
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
        long[] found = null;
        for (int row = from; nullable && row < to; row++) {
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

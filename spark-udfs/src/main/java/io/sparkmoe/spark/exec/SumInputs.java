package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * Collects the data columns of one aggregate. One column is copied in runs as it lies; several are taken row by row,
 * because a row with a NULL in any of them is empty in all.
 */
final class SumInputs implements AutoCloseable {
    private final SumCall call;
    private final List<IdCollector> ids = new ArrayList<>();
    private final @Nullable WeightCollector weights;
    private final @Nullable Object[] values;
    private final boolean layered;
    private long firstRow;

    SumInputs(SumCall call, BufferSource buffers) {
        this.call = call;
        this.values = new Object[call.columns().size()];
        this.layered = call.operator().inputs().contains(SumInput.LAYERED_IDS);
        WeightCollector found = null;
        for (int i = 0; i < values.length; i++) {
            DataType type = call.types().get(i);
            if (call.operator().inputs().get(i) == SumInput.WEIGHTS) {
                found = new WeightCollector(type, buffers);
            } else {
                ids.add(new IdCollector(type, call.operator().ids(), buffers));
            }
        }
        this.weights = found;
    }

    void reset(long newFirstRow) {
        firstRow = newFirstRow;
        ids.forEach(c -> c.reset(newFirstRow));
        if (weights != null) {
            weights.reset(newFirstRow);
        }
    }

    /** About how many ids the rows [from, to) hold where that is known without a look at each, else -1. */
    long bound(ColumnarBatch batch, int from, int to) {
        long ids = 0;
        for (int column : call.columns()) {
            long bound = IdCollector.bound(batch.column(column), from, to);
            if (bound < 0) {
                return -1;
            }
            ids += bound;
        }
        return ids;
    }

    /** About how many ids a row holds. */
    long length(ColumnarBatch batch, int row) {
        long ids = 0;
        for (int column : call.columns()) {
            ids += IdCollector.length(batch.column(column), row);
        }
        return ids;
    }

    /** Adds the rows [from, to). */
    void add(ColumnarBatch batch, int from, int to) {
        if (values.length == 1) {
            ids.get(0).add(batch.column(call.columns().get(0)), from, to);
            return;
        }
        for (int row = from; row < to; row++) {
            for (int i = 0; i < values.length; i++) {
                ColumnVector column = batch.column(call.columns().get(i));
                values[i] = column.isNullAt(row)
                        ? null
                        : call.types().get(i) instanceof ArrayType ? column.getArray(row) : column.getBinary(row);
            }
            addValues();
        }
    }

    void add(InternalRow row) {
        for (int i = 0; i < values.length; i++) {
            int ordinal = call.columns().get(i);
            values[i] = row.isNullAt(ordinal)
                    ? null
                    : call.types().get(i) instanceof ArrayType ? row.getArray(ordinal) : row.getBinary(ordinal);
        }
        addValues();
    }

    private void addValues() {
        boolean whole = true;
        for (Object value : values) {
            whole &= value != null;
        }
        if (layered && whole) {
            LayeredIds.check(firstRow + ids.get(0).rows(), (ArrayData) values[0], (ArrayData) values[1]);
        }
        for (int i = 0; i < ids.size(); i++) {
            ids.get(i).add(whole ? values[i] : null);
        }
        if (weights != null) {
            weights.add(whole ? values[values.length - 1] : null);
        }
    }

    /** Ids of the row added last. */
    long lastLength() {
        return ids.stream().mapToLong(IdCollector::lastLength).sum();
    }

    long ids() {
        return ids.stream().mapToLong(IdCollector::ids).sum();
    }

    long bytes() {
        return ids.stream().mapToLong(IdCollector::bytes).sum();
    }

    /** Bit r set: row r has a NULL; null when none has. */
    long @Nullable [] nulls() {
        return ids.get(0).nulls();
    }

    SumBatch batch() {
        List<RoutingBatch> batches = new ArrayList<>();
        ids.forEach(c -> batches.add(c.batch()));
        return new SumBatch(batches, weights == null ? null : weights.batch());
    }

    @Override
    public void close() {
        ids.forEach(IdCollector::close);
        if (weights != null) {
            weights.close();
        }
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnVector;

/**
 * Collects a column of ids, whatever its type, into one contiguous batch for code that is no node of a plan. A row without
 * ids is an empty segment; ids are not checked.
 */
public final class SliceIds implements AutoCloseable {
    private final DataType type;
    private final IdCollector ids;

    /** @param type of the column: a list of integers, or packed */
    public SliceIds(DataType type, BufferSource buffers) {
        this.type = type;
        this.ids = new IdCollector(type, IdOptions.of(IdOptions.MAX_EXPERTS).withInvalid(InvalidPolicy.DROP), buffers);
    }

    /** Starts a new batch. {@code firstRow} numbers its first row, for messages. */
    public void reset(long firstRow) {
        ids.reset(firstRow);
    }

    /** Adds the rows [from, to) of a column. */
    public void add(ColumnVector column, int from, int to) {
        ids.add(column, from, to);
    }

    /** Adds one row's field. */
    public void add(InternalRow row, int ordinal) {
        ids.add(
                row.isNullAt(ordinal)
                        ? null
                        : type instanceof ArrayType ? row.getArray(ordinal) : row.getBinary(ordinal));
    }

    /** What was added, valid until the next reset or close. */
    public RoutingBatch batch() {
        return ids.batch();
    }

    @Override
    public void close() {
        ids.close();
    }
}

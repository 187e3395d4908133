package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import java.io.Serializable;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.types.DataType;

/** An aggregate whose state are int64 sums that merge by addition, with its constants applied. */
public interface SumOperator extends Serializable {
    /** The data columns, the weights' last. */
    default List<SumInput> inputs() {
        return List.of(SumInput.IDS);
    }

    /** A fresh state of a group. */
    Totals totals();

    /** About how many bytes a group takes in an accumulator. */
    long groupBytes();

    DataType resultType();

    IdOptions ids();

    /** The Catalyst value of a group's result. */
    Object result(Totals totals);

    /** A batch-wise accumulator of many groups. */
    Accumulator open(RoutingBackend backend, BufferAllocator allocator);

    /**
     * Adds one row to a group: the row-wise path.
     *
     * @param columns a column's value each, none null: int[] for ids and layers (flat), float[] for weights
     */
    void update(Totals totals, Object[] columns);

    /** Batch-wise sums of many groups; see core's accumulators for the use of slots. */
    interface Accumulator extends AutoCloseable {
        void add(SumBatch batch, int[] slots, int numSlots);

        /** A slot's sums as {@link Totals#write} writes them. */
        byte[] write(int slot);

        /** Memory taken beyond what {@link SumOperator#groupBytes} says of each slot. */
        default long moreBytes() {
            return 0;
        }

        void clear();

        IdCounts counts();

        @Override
        void close();
    }
}

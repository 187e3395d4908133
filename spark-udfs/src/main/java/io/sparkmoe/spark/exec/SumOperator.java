package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.io.Serializable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.types.DataType;

/** An aggregate whose state is a row of int64 sums that merge by addition, with its constants applied. */
public interface SumOperator extends Serializable {
    /** Sums a group. */
    int width();

    DataType resultType();

    IdOptions ids();

    /** The Catalyst value of a group's result. */
    Object result(long[] sums);

    /** A batch-wise accumulator of many groups. */
    Accumulator open(RoutingBackend backend, BufferAllocator allocator);

    /** Adds one row's ids to a group's sums: the row-wise path. */
    void update(long[] sums, int[] ids);

    /** Batch-wise sums of many groups; see core's accumulators for the use of slots. */
    interface Accumulator extends AutoCloseable {
        void add(RoutingBatch batch, int[] slots, int numSlots);

        /** Copies a slot's sums into {@code out} [width]. */
        void read(int slot, long[] out);

        void clear();

        IdCounts counts();

        @Override
        void close();
    }
}

package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RowOptions;
import java.io.Serializable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.sql.types.DataType;
import org.jspecify.annotations.Nullable;

/** An id function with its constants applied: what a task runs over a batch. Travels to executors. */
public interface IdOperator extends Serializable {
    /** The type of the result column. */
    DataType resultType();

    /** Policies for the ids. */
    IdOptions ids();

    /** How large results get. */
    RowOptions options();

    /**
     * Runs over a batch.
     *
     * @param nulls bit r set: segment r was a NULL list, and so is its result; null: none is
     */
    ResultColumn run(RoutingBackend backend, RoutingBatch batch, long @Nullable [] nulls, BufferAllocator allocator);
}

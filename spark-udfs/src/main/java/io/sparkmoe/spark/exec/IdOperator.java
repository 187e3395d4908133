package io.sparkmoe.spark.exec;

import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RowOptions;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** An operator of one column of expert ids. */
public interface IdOperator extends BatchOperator {
    /** Policies for the ids. */
    IdOptions ids();

    /** How large results get. */
    RowOptions options();

    @Override
    default List<InputKind> inputs() {
        return List.of(new InputKind.Ids(ids()));
    }

    @Override
    default long maxResultBytes(long[] lengths, int[] widths) {
        return options().maxResultBytes(lengths[0]);
    }

    @Override
    default ResultColumn run(BatchInputs in) {
        return run(in.backend(), in.ids(0), in.nulls(), in.allocator());
    }

    /**
     * Runs over a batch.
     *
     * @param nulls bit r set: segment r was a NULL list, and so is its result; null: none is
     */
    ResultColumn run(RoutingBackend backend, RoutingBatch batch, long @Nullable [] nulls, BufferAllocator allocator);
}

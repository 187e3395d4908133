package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An operator call that can be cut between segments: it only reads its input and writes fresh memory, so any part may be
 * run again, in pieces, or by the CPU.
 *
 * @param <R> the operator's result
 */
interface DeviceCall<R extends AutoCloseable> {
    /**
     * Runs over a part of the batch; the lane has begun, and is ended by the caller.
     *
     * @return null when the part must be refused; the CPU then words the complaint
     */
    @Nullable
    R run(RoutingBatch part, Lane lane, ResultBuffers out);

    /**
     * Enqueues a part in the expectation that no id is left out, and waits for nothing. For calls with {@link #mostBytes}.
     *
     * @return asked for the result when the lane has ended; gives null where the expectation was wrong
     */
    default Supplier<@Nullable R> enqueue(RoutingBatch part, Lane lane, ResultBuffers out) {
        throw new UnsupportedOperationException();
    }

    /**
     * Most bytes of each buffer that {@link #run} takes, in its order; 0 for offsets of lists and others that have to be
     * changed to follow a former part's. Null when such bounds are far from what is taken.
     */
    default long @Nullable [] mostBytes(RoutingBatch batch) {
        return null;
    }

    /** Whether parts of a batch are worth another try when there is no memory for the whole. */
    default boolean worthCutting(RoutingBatch batch) {
        return DeviceCalls.worthCutting(batch);
    }

    /** The result of two parts that follow each other; null when it would pass what int32 offsets can say. */
    @Nullable
    R join(R first, R second, ResultBuffers out);

    /** The CPU's result over a part. */
    R onCpu(RoutingBatch part);
}

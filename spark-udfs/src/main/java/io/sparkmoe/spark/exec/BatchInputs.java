package io.sparkmoe.spark.exec;

import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The inputs of a call over a slice, and what it runs on.
 *
 * @param nulls bit r set: row r is NULL in some input, is an empty segment in all, and its result is NULL; null: none is
 */
@SuppressWarnings("ArrayRecordComponent") // read by one call, compared by nobody
public record BatchInputs(
        RoutingBackend backend, List<InputCollector> collectors, long @Nullable [] nulls, BufferAllocator allocator) {
    /** An input of ids or row numbers. */
    RoutingBatch ids(int input) {
        return ((IdCollector) collectors.get(input)).batch();
    }

    /** An input of tensors, wherever they lie. */
    Activations tensor(int input) {
        return ((TensorCollector) collectors.get(input)).tensor();
    }

    /** An input of tensors in host memory. */
    TensorBatch hostTensor(int input) {
        Activations tensor = tensor(input);
        return tensor instanceof TensorResult result ? result.host() : (TensorBatch) tensor;
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.routing.BufferSource;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/**
 * What calls over tensors need beside their lane.
 *
 * @param cpu does what the device cannot, and words the complaints
 * @param buffers host memory of results, charged to the allocator
 */
record TensorCalls(DeviceCalls device, ReorderBackend cpu, BufferAllocator allocator, BufferSource buffers) {
    /** The result in a sink, or null when the kernels counted slots that make no sense. */
    @Nullable
    TensorResult result(TensorSink sink, Lane lane, ResultBuffers out) {
        long tally = lane.readTally();
        lane.await();
        for (int i = 0; i < 3; i++) {
            if (Memory.getLong(tally + 8L * i) != 0) {
                return null;
            }
        }
        return sink.result(lane, out, buffers, device);
    }
}

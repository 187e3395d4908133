package io.sparkmoe.core.cuda;

import io.sparkmoe.core.reorder.HostTensor;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/** A call whose result is a tensor. */
interface TensorCall extends DeviceCall<TensorResult> {
    /** What is cut. */
    RoutingBatch batch();

    /** Whether a part is all of it. */
    default boolean isWhole(RoutingBatch part) {
        return part.segments() == batch().segments();
    }

    /** Few ids may stand for many bytes. */
    @Override
    default boolean worthCutting(RoutingBatch part) {
        return part.segments() > 1;
    }

    /** Parts are in host memory. */
    @Override
    default TensorResult join(TensorResult first, TensorResult second, ResultBuffers out) {
        TensorBatch a = first.host();
        TensorBatch b = second.host();
        int segments = a.segments() + b.segments();
        ArrowBuf offsets = out.take(8L * (segments + 1L));
        for (int s = 0; s <= segments; s++) {
            long start = s <= a.segments()
                    ? a.start(s) - a.start(0)
                    : a.totalElements() + b.start(s - a.segments()) - b.start(0);
            Memory.putLong(offsets.memoryAddress() + 8L * s, start);
        }
        HostTensor joined = HostTensor.over(a.type(), segments, offsets, a.firstRow(), out);
        long to = joined.values().memoryAddress();
        long bytes = a.totalElements() * a.type().bytes();
        Memory.copy(a.address(0), to, bytes);
        Memory.copy(b.address(0), to + bytes, b.totalElements() * b.type().bytes());
        return joined;
    }

    /** The scales of some segments: a list each, or the one list of all. */
    static @Nullable TensorBatch scalesOf(@Nullable TensorBatch scales, TensorPart part) {
        return scales == null || scales.segments() == 1 ? scales : scales.slice(part.from(), part.to());
    }
}

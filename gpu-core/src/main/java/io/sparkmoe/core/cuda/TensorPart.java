package io.sparkmoe.core.cuda;

import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.RoutingBatch;

/** The segments [from, to) of activations, wherever they lie. */
record TensorPart(Activations whole, int from, int to) {
    /**
     * The segments that a part of a batch of ids stands for.
     *
     * @param part a slice of {@code ids}
     */
    static TensorPart of(Activations whole, RoutingBatch ids, RoutingBatch part) {
        int from = from(ids, part);
        return new TensorPart(whole, from, from + part.segments());
    }

    /** Number of the first segment of a part in the batch it was cut from. */
    static int from(RoutingBatch ids, RoutingBatch part) {
        return (int) ((part.offsetsAddress() - ids.offsetsAddress()) / Integer.BYTES);
    }

    TensorType type() {
        return whole.type();
    }

    int segments() {
        return to - from;
    }

    long elements() {
        return whole.start(to) - whole.start(from);
    }

    /** Elements before segment s of the part. */
    long start(int s) {
        return whole.start(from + s) - whole.start(from);
    }

    /** Rows of {@code hidden} elements before each segment, and of all: [segments + 1]. */
    long[] rowOffsets(long hidden) {
        long[] rows = new long[segments() + 1];
        for (int s = 0; s <= segments(); s++) {
            rows[s] = start(s) / hidden;
        }
        return rows;
    }

    /** The part in host memory; copies it there when it is not. */
    TensorBatch onHost() {
        TensorBatch all = whole instanceof TensorResult result ? result.host() : (TensorBatch) whole;
        return all.slice(from, to);
    }

    /** Device address of the part's first element; copies it there unless it lies on this lane's device. */
    long onDevice(Lane lane) {
        long bytes = elements() * type().bytes();
        if (whole instanceof CudaTensor tensor && tensor.liesOn(lane)) {
            return tensor.device() + (whole.start(from) - whole.start(0)) * type().bytes();
        }
        return lane.upload(onHost().address(0), bytes);
    }
}

package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import io.sparkmoe.core.routing.RoutingBatch;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/** Lists that a kernel wrote, as result columns. */
final class Lists {
    private Lists() {}

    /**
     * Offsets from int64 [rows + 1] in host memory.
     *
     * @return null when the last passes int32, as {@link ResultBuffers#checkTotal} would refuse
     */
    static @Nullable ArrowBuf offsets(long host, int rows, ResultBuffers out) {
        if (rows > 0 && Memory.getLong(host + 8L * rows) > Integer.MAX_VALUE) {
            return null;
        }
        ArrowBuf offsets = out.offsets(rows);
        long to = offsets.memoryAddress();
        for (int s = 1; s <= rows; s++) {
            Memory.putInt(to + 4L * s, (int) Memory.getLong(host + 8L * s));
        }
        return offsets;
    }

    /** The offsets of the batch itself, from 0 on: for lists with an entry an id. */
    static ArrowBuf offsets(RoutingBatch batch, ResultBuffers out) {
        ArrowBuf offsets = out.offsets(batch.segments());
        int first = batch.start(0);
        for (int s = 1; s <= batch.segments(); s++) {
            Memory.putInt(offsets.memoryAddress() + 4L * s, batch.start(s) - first);
        }
        return offsets;
    }

    /** The offsets of lists from which ids may have been left out; waits for them where they come from the device. */
    static ArrowBuf offsets(RoutingBatch batch, @Nullable KeptOffsets kept, Lane lane, ResultBuffers out) {
        if (kept == null) {
            return offsets(batch, out);
        }
        ArrowBuf offsets = out.offsets(batch.segments());
        lane.copyBack(offsets.memoryAddress(), kept.offsets(), 4L * (batch.segments() + 1L));
        lane.await();
        return offsets;
    }

    static ArrowBuf copy(ArrowBuf offsets, int rows, ResultBuffers out) {
        ArrowBuf copy = out.offsets(rows);
        Memory.copy(offsets.memoryAddress(), copy.memoryAddress(), 4L * (rows + 1L));
        return copy;
    }

    /** A column whose values come back from the device, enqueued. */
    static ListBuffer copyBack(
            Lane lane, int rows, int elementBytes, ArrowBuf offsets, long device, ResultBuffers out) {
        long bytes = (long) elementBytes * offsets.getInt(4L * rows);
        ArrowBuf values = out.take(bytes);
        lane.copyBack(values.memoryAddress(), device, bytes);
        return new ListBuffer(rows, elementBytes, offsets, values);
    }

    /** A column of lists of one length, filled from the device, enqueued. */
    static ListBuffer copyBack(Lane lane, ListBuffer equalLists, long device) {
        lane.copyBack(
                equalLists.values().memoryAddress(),
                device,
                (long) equalLists.elementBytes() * equalLists.totalElements());
        return equalLists;
    }
}

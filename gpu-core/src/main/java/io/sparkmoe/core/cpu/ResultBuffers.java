package io.sparkmoe.core.cpu;

import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.MalformedRoutingException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/** The buffers of a result in the making: released together unless the result is finished. */
final class ResultBuffers implements AutoCloseable {
    private final WarmMemory memory;
    private final BufferAllocator allocator;
    private final List<ArrowBuf> buffers = new ArrayList<>();

    ResultBuffers(WarmMemory memory, BufferAllocator allocator) {
        this.memory = memory;
        this.allocator = allocator;
    }

    ArrowBuf take(long bytes) {
        ArrowBuf buffer = memory.take(allocator, bytes);
        buffers.add(buffer);
        return buffer;
    }

    /** Offsets of {@code rows} lists; the first is 0, the others are for the operator to write. */
    ArrowBuf offsets(int rows) {
        ArrowBuf offsets = take(4L * (rows + 1L));
        offsets.setInt(0, 0);
        return offsets;
    }

    /** Lists that all have the same length. */
    ListBuffer equalLists(int rows, int elementBytes, long length, long firstRow, String what) {
        if (rows * length > Integer.MAX_VALUE) {
            // The first row whose end passes what an offset can say.
            checkTotal(rows * length, length, firstRow + Integer.MAX_VALUE / length, what);
        }
        ArrowBuf offsets = offsets(rows);
        for (int s = 1; s <= rows; s++) {
            offsets.setInt(4L * s, (int) (s * length));
        }
        return new ListBuffer(rows, elementBytes, offsets, take(elementBytes * length * rows));
    }

    /**
     * Refuses a column that int32 offsets cannot describe.
     *
     * @param total elements up to and with this row
     * @param ofRow elements of this row
     */
    static void checkTotal(long total, long ofRow, long row, String what) {
        if (total > Integer.MAX_VALUE) {
            boolean alone = ofRow > Integer.MAX_VALUE;
            throw MalformedRoutingException.tooLarge(
                    row, alone ? what : what + " of the batch up to this row", alone ? ofRow : total);
        }
    }

    /** Hands the buffers over to the result: {@link #close} no longer releases them. */
    void keep() {
        buffers.clear();
    }

    @Override
    public void close() {
        buffers.forEach(ArrowBuf::close);
        buffers.clear();
    }
}

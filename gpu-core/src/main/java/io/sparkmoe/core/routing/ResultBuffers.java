package io.sparkmoe.core.routing;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;

/** The buffers of a result in the making, for implementations: released together unless the result is finished. */
public final class ResultBuffers implements AutoCloseable {
    private final BufferSource source;
    private final List<ArrowBuf> buffers = new ArrayList<>();

    public ResultBuffers(BufferSource source) {
        this.source = source;
    }

    /** A buffer of undefined content. */
    public ArrowBuf take(long bytes) {
        ArrowBuf buffer = source.take(bytes);
        buffers.add(buffer);
        return buffer;
    }

    /** Takes over a buffer that belongs to the result. */
    public ArrowBuf own(ArrowBuf buffer) {
        buffers.add(buffer);
        return buffer;
    }

    /** Offsets of {@code rows} lists; the first is 0, the others are for the operator to write. */
    public ArrowBuf offsets(int rows) {
        ArrowBuf offsets = take(4L * (rows + 1L));
        offsets.setInt(0, 0);
        return offsets;
    }

    /** Lists that all have the same length. */
    public ListBuffer equalLists(int rows, int elementBytes, long length, long firstRow, String what) {
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
    public static void checkTotal(long total, long ofRow, long row, String what) {
        if (total > Integer.MAX_VALUE) {
            boolean alone = ofRow > Integer.MAX_VALUE;
            throw MalformedRoutingException.tooLarge(
                    row, alone ? what : what + " of the batch up to this row", alone ? ofRow : total);
        }
    }

    /** Hands the buffers over to the result: {@link #close} no longer releases them. */
    public void keep() {
        buffers.clear();
    }

    @Override
    public void close() {
        buffers.forEach(ArrowBuf::close);
        buffers.clear();
    }
}

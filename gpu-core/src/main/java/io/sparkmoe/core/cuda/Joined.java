package io.sparkmoe.core.cuda;

import io.sparkmoe.core.routing.ListBuffer;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.ResultBuffers;
import org.apache.arrow.memory.ArrowBuf;

/** Results of two parts of a batch as one. */
final class Joined {
    private Joined() {}

    /** Whether the lists of both fit one column. */
    static boolean fits(ListBuffer first, ListBuffer second) {
        return first.totalElements() + (long) second.totalElements() <= Integer.MAX_VALUE;
    }

    static ListBuffer lists(ListBuffer first, ListBuffer second, ResultBuffers out) {
        int rows = first.rows() + second.rows();
        ArrowBuf offsets = out.offsets(rows);
        int base = first.totalElements();
        Memory.copy(first.offsets().memoryAddress(), offsets.memoryAddress(), 4L * (first.rows() + 1L));
        for (int s = 1; s <= second.rows(); s++) {
            offsets.setInt(4L * (first.rows() + (long) s), base + second.start(s));
        }
        ArrowBuf values = joined(
                first.values(),
                (long) first.elementBytes() * base,
                second.values(),
                (long) second.elementBytes() * second.totalElements(),
                out);
        return new ListBuffer(rows, first.elementBytes(), offsets, values);
    }

    /** A column of one int32 a row. */
    static ArrowBuf ints(ArrowBuf first, int firstRows, ArrowBuf second, int secondRows, ResultBuffers out) {
        return joined(first, 4L * firstRows, second, 4L * secondRows, out);
    }

    /** A column of one int64 a row. */
    static ArrowBuf longs(ArrowBuf first, int firstRows, ArrowBuf second, int secondRows, ResultBuffers out) {
        return joined(first, 8L * firstRows, second, 8L * secondRows, out);
    }

    /** Whether the first buffer, of {@link AdjacentBuffers}, reaches over the second one's bytes. */
    private static boolean adjacent(ArrowBuf first, long firstBytes, ArrowBuf second, long secondBytes) {
        return first.getReferenceManager() == second.getReferenceManager()
                && second.memoryAddress() == first.memoryAddress() + firstBytes
                && first.capacity() >= firstBytes + secondBytes;
    }

    private static ArrowBuf joined(
            ArrowBuf first, long firstBytes, ArrowBuf second, long secondBytes, ResultBuffers out) {
        if (adjacent(first, firstBytes, second, secondBytes)) {
            first.getReferenceManager().retain();
            return out.own(first);
        }
        ArrowBuf buffer = out.take(firstBytes + secondBytes);
        Memory.copy(first.memoryAddress(), buffer.memoryAddress(), firstBytes);
        Memory.copy(second.memoryAddress(), buffer.memoryAddress() + firstBytes, secondBytes);
        return buffer;
    }
}

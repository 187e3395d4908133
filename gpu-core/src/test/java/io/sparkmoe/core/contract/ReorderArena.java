package io.sparkmoe.core.contract;

import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** Memory for the operands of one check; closing it holds that the operators have given all of theirs back. */
final class ReorderArena implements AutoCloseable {
    /** Where the operators take their results' memory from. */
    final BufferAllocator results = new RootAllocator();

    private final BufferAllocator operands = new RootAllocator();
    private final List<ArrowBuf> buffers = new ArrayList<>();
    private final long firstRow;
    private final int lead;

    /**
     * @param firstRow number of the first segment, for messages
     * @param lead elements before the first segment: offsets that do not begin at 0 and rows that lie anywhere
     */
    ReorderArena(long firstRow, int lead) {
        this.firstRow = firstRow;
        this.lead = lead;
    }

    private long take(long bytes) {
        ArrowBuf buffer = operands.buffer(Math.max(bytes, 8));
        buffers.add(buffer);
        return buffer.memoryAddress();
    }

    /** Elements given by their bits. */
    TensorBatch tensor(TensorType type, List<int[]> segments) {
        long offsets = take(8L * (segments.size() + 1L));
        long elements = segments.stream().mapToLong(s -> s.length).sum();
        long values = take((lead + elements) * type.bytes());
        long at = lead;
        Memory.putLong(offsets, at);
        for (int s = 0; s < segments.size(); s++) {
            for (int code : segments.get(s)) {
                put(type, code, values + at++ * type.bytes());
            }
            Memory.putLong(offsets + 8L * (s + 1L), at);
        }
        return new TensorBatch(type, segments.size(), offsets, values, firstRow);
    }

    /** As {@link #tensor}, fp32. */
    TensorBatch floats(List<float[]> segments) {
        return tensor(TensorType.FP32, segments.stream().map(ReorderArena::bits).toList());
    }

    static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    RoutingBatch ids(IdType type, List<int[]> segments) {
        long offsets = take(4L * (segments.size() + 1L));
        int total = segments.stream().mapToInt(s -> s.length).sum();
        long ids = take((long) (lead + total) * type.bytes());
        int at = lead;
        Memory.putInt(offsets, at);
        for (int s = 0; s < segments.size(); s++) {
            int[] segment = segments.get(s);
            IdCodec.encode(type, segment, 0, segment.length, ids + (long) at * type.bytes());
            at += segment.length;
            Memory.putInt(offsets + 4L * (s + 1L), at);
        }
        return new RoutingBatch(type, segments.size(), offsets, ids, firstRow);
    }

    private static void put(TensorType type, int code, long address) {
        switch (type.bytes()) {
            case 1 -> Memory.putByte(address, (byte) code);
            case 2 -> Memory.putShort(address, (short) code);
            default -> Memory.putInt(address, code);
        }
    }

    /** The bits of a result, segment by segment; 8- and 16-bit ones without sign. */
    static List<int[]> codes(TensorResult result) {
        TensorBatch host = result.host();
        List<int[]> out = new ArrayList<>();
        for (int s = 0; s < host.segments(); s++) {
            int[] codes = new int[(int) host.elements(s)];
            for (int i = 0; i < codes.length; i++) {
                codes[i] = code(
                        host.type(), host.address(s) + (long) i * host.type().bytes());
            }
            out.add(codes);
        }
        return out;
    }

    private static int code(TensorType type, long address) {
        return switch (type.bytes()) {
            case 1 -> Memory.getByte(address) & 0xff;
            case 2 -> Memory.getShort(address) & 0xffff;
            default -> Memory.getInt(address);
        };
    }

    /** The bits of a result, which is closed. */
    static List<int[]> taken(TensorResult answer) {
        try (answer) {
            return codes(answer);
        }
    }

    @Override
    public void close() {
        buffers.forEach(ArrowBuf::close);
        operands.close();
        results.close();
    }
}

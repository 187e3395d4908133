package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBatch;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Expert load over windows of steps, or of token positions where the recorder names no step. A task takes windows as wide
 * as its own rows need; the driver joins them to the width that all rows need, which is never less.
 */
final class WindowFeeder implements Feeder {
    private record SlotKey(int unit, int shift, long window, int layer) {}

    private final int experts;
    private final int topk;
    private final BufferAllocator allocator;
    private final ExpertLoadAccumulator load;
    private final Windows[] units;
    private final Map<SlotKey, Integer> slotOf = new LinkedHashMap<>();
    private int[] slots = new int[256];
    private int[] starts = new int[256];
    private int segments;

    WindowFeeder(FeederPlan.Task task, int most) {
        experts = task.numExperts();
        topk = task.topk();
        allocator = task.allocator();
        units = new Windows[] {new Windows(most), new Windows(most)};
        load = task.backend().expertLoad(new CountsOptions(experts, InvalidPolicy.ERROR), allocator);
    }

    @Override
    public void feed(TraceSlice slice) {
        for (int r = 0; r < slice.rows(); r++) {
            Long step = slice.key(r).step();
            if (step != null) {
                units[Windows.STEP].add(step, step);
            } else if (slice.tokens(r) > 0) {
                units[Windows.POSITION].add(slice.position(r), slice.position(r) + slice.tokens(r) - 1L);
            }
        }
        segments = 0;
        for (int r = 0; r < slice.rows(); r++) {
            cut(slice, r);
        }
        count(slice.ids());
    }

    /** Cuts a row where its tokens pass into the next window. */
    private void cut(TraceSlice slice, int row) {
        int start = slice.ids().start(row);
        Long step = slice.key(row).step();
        if (step != null) {
            segment(start, Windows.STEP, units[Windows.STEP].window(step), slice.layer(row));
            return;
        }
        Windows positions = units[Windows.POSITION];
        long first = slice.position(row);
        long end = first + slice.tokens(row);
        for (long at = first; at < end; ) {
            long window = positions.window(at);
            segment(start + (int) (at - first) * topk, Windows.POSITION, window, slice.layer(row));
            at = positions.end(window);
        }
    }

    private void segment(int start, int unit, long window, int layer) {
        if (segments + 1 >= starts.length) {
            starts = Arrays.copyOf(starts, 2 * starts.length);
            slots = Arrays.copyOf(slots, 2 * slots.length);
        }
        starts[segments] = start;
        slots[segments++] =
                slotOf.computeIfAbsent(new SlotKey(unit, units[unit].shift(), window, layer), k -> slotOf.size());
    }

    private void count(RoutingBatch ids) {
        starts[segments] = ids.start(ids.segments());
        try (ArrowBuf offsets = allocator.buffer(4L * (segments + 1))) {
            for (int i = 0; i <= segments; i++) {
                offsets.setInt(4L * i, starts[i]);
            }
            load.add(
                    new RoutingBatch(ids.type(), segments, offsets.memoryAddress(), ids.idsAddress(), ids.firstRow()),
                    slots,
                    slotOf.size());
        }
    }

    @Override
    public long bytes() {
        return 8L * (experts + 3) * slotOf.size();
    }

    @Override
    public void drain(Output out) {
        Map<PartialKey, long[]> sums = new HashMap<>();
        long[] counts = new long[experts];
        slotOf.forEach((key, slot) -> {
            load.read(slot, counts);
            int shift = units[key.unit].shift();
            PartialKey joined = new PartialKey(
                    Family.WINDOW, key.layer, Windows.code(key.unit, shift), key.window >> (shift - key.shift), "");
            long[] into = sums.computeIfAbsent(joined, k -> new long[experts]);
            for (int e = 0; e < experts; e++) {
                into[e] += counts[e];
            }
        });
        sums.forEach((key, row) -> out.add(key, PartialSums.write(row)));
        for (int unit = 0; unit < units.length; unit++) {
            int code = Windows.code(unit, units[unit].shift());
            units[unit]
                    .spans()
                    .forEach((window, span) -> out.add(
                            new PartialKey(Family.WINDOW_SPAN, 0, code, window, ""),
                            ByteBuffer.allocate(16)
                                    .putLong(span[0])
                                    .putLong(span[1])
                                    .array()));
        }
        load.clear();
        slotOf.clear();
    }

    @Override
    public void close() {
        load.close();
    }
}

package io.sparkmoe.spark.jobs.passes;

import io.sparkmoe.core.analysis.CapacityAccumulator;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/** Collects passes into routing batches and lets the backend measure their padding. One a task. */
final class PassSink implements AutoCloseable {
    /** Ids of a batch: large enough to amortise a device launch, small beside a task's memory. */
    private static final int BATCH_IDS = 1 << 20;

    private static final int BATCH_SEGMENTS = 1 << 16;

    private final Map<PassKey, Integer> slotOf = new LinkedHashMap<>();
    private final RoutingBatchBuilder builder;
    private final PaddingAccumulator accumulator;
    private final @Nullable CapacityAccumulator capacity;
    private int[] slots = new int[1024];
    private int lastLayer = -1;
    private String lastPhase = "";
    private int lastSize = -1;
    private int lastSlot;

    PassSink(RoutingBackend backend, ReplayOptions options, BufferAllocator allocator) {
        int[] blocks = options.blockSizes().stream().mapToInt(Integer::intValue).toArray();
        builder = new RoutingBatchBuilder(allocator);
        try {
            accumulator = backend.paddingTotals(
                    new PaddingOptions(options.numExperts(), blocks, InvalidPolicy.ERROR), allocator);
            capacity = options.factors().isEmpty() ? null : capacity(backend, options, allocator);
        } catch (RuntimeException | Error e) {
            builder.close();
            throw e;
        }
        builder.reset(IdType.UINT16_MASKED, 0);
    }

    private static CapacityAccumulator capacity(
            RoutingBackend backend, ReplayOptions options, BufferAllocator allocator) {
        double[] factors =
                options.factors().stream().mapToDouble(Double::doubleValue).toArray();
        return backend.analyses()
                .capacity(
                        new CapacityOptions(options.numExperts(), options.topk(), factors, InvalidPolicy.ERROR),
                        allocator);
    }

    /** Adds one pass: {@code length} id codes from {@code from}. */
    void pass(int layer, String phase, int tokensPerPass, short[] ids, int from, int length) {
        if (builder.segments() >= BATCH_SEGMENTS || builder.ids() + length > BATCH_IDS) {
            flush();
        }
        if (builder.segments() == slots.length) {
            slots = Arrays.copyOf(slots, 2 * slots.length);
        }
        slots[builder.segments()] = slot(layer, phase, tokensPerPass);
        long at = builder.reserve(length);
        Memory.copy(ids, Memory.SHORTS + 2L * from, at, 2L * length);
        builder.endSegment(length);
    }

    private int slot(int layer, String phase, int size) {
        if (layer != lastLayer || size != lastSize || !phase.equals(lastPhase)) {
            lastSlot = slotOf.computeIfAbsent(new PassKey(layer, phase, size), k -> slotOf.size());
            lastLayer = layer;
            lastPhase = phase;
            lastSize = size;
        }
        return lastSlot;
    }

    private void flush() {
        if (builder.segments() > 0) {
            int[] used = Arrays.copyOf(slots, builder.segments());
            accumulator.add(builder.build(), used, slotOf.size());
            if (capacity != null) {
                capacity.add(builder.build(), null, used, slotOf.size());
            }
            builder.reset(IdType.UINT16_MASKED, 0);
        }
    }

    /** The totals of everything added. */
    Map<PassKey, PassTotals> totals() {
        flush();
        Map<PassKey, PassTotals> out = new LinkedHashMap<>();
        slotOf.forEach((key, slot) ->
                out.put(key, PassTotals.of(accumulator.read(slot), capacity == null ? null : capacity.read(slot))));
        return out;
    }

    @Override
    public void close() {
        try (builder;
                accumulator) {
            if (capacity != null) {
                capacity.close();
            }
        }
    }
}

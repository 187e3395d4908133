package io.sparkmoe.spark.jobs.compare;

import io.sparkmoe.core.analysis.AgreementAccumulator;
import io.sparkmoe.core.analysis.AgreementOptions;
import io.sparkmoe.core.analysis.AgreementTotals;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.util.AutoCloseables;

/** Collects stretches of both sides into batches and lets the backend compare and count them. One a task. */
final class PairSink implements AutoCloseable {
    /** Ids of a batch: large enough to amortise a device launch, small beside a task's memory. */
    private static final int BATCH_IDS = 1 << 20;

    private static final int BATCH_SEGMENTS = 1 << 16;

    private final Map<Integer, Integer> slotOf = new LinkedHashMap<>();
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final int numExperts;
    private final RoutingBatchBuilder left;
    private final RoutingBatchBuilder right;
    private final AgreementAccumulator agreement;
    private final ExpertLoadAccumulator load;
    private int[] slots = new int[1024];

    PairSink(RoutingBackend backend, CompareOptions options, BufferAllocator allocator) {
        numExperts = options.numExperts();
        try {
            left = opened(new RoutingBatchBuilder(allocator));
            right = opened(new RoutingBatchBuilder(allocator));
            agreement = opened(backend.analyses().agreement(new AgreementOptions(options.topk()), allocator));
            load = opened(backend.expertLoad(new CountsOptions(numExperts, InvalidPolicy.ERROR), allocator));
        } catch (RuntimeException | Error e) {
            AutoCloseables.close(e, open);
            throw e;
        }
        reset();
    }

    private <T extends AutoCloseable> T opened(T part) {
        open.push(part);
        return part;
    }

    private void reset() {
        left.reset(IdType.INT32, 0);
        right.reset(IdType.INT32, 0);
    }

    /** Adds {@code length} ids of each side, of the same tokens at one layer. */
    void add(int layer, int[] leftIds, int a, int[] rightIds, int b, int length) {
        if (length == 0) {
            return;
        }
        if (left.segments() >= BATCH_SEGMENTS || left.ids() + length > BATCH_IDS) {
            flush();
        }
        if (left.segments() == slots.length) {
            slots = Arrays.copyOf(slots, 2 * slots.length);
        }
        slots[left.segments()] = slotOf.computeIfAbsent(layer, l -> slotOf.size());
        left.addSegment(leftIds, a, length);
        right.addSegment(rightIds, b, length);
    }

    private void flush() {
        int n = left.segments();
        if (n == 0) {
            return;
        }
        agreement.add(left.build(), right.build(), Arrays.copyOf(slots, n), slotOf.size());
        int[] side = new int[n];
        Arrays.setAll(side, s -> 2 * slots[s]);
        load.add(left.build(), side, 2 * slotOf.size());
        Arrays.setAll(side, s -> 2 * slots[s] + 1);
        load.add(right.build(), side, 2 * slotOf.size());
        reset();
    }

    /** A layer: the six agreement totals in their order, then the left side's expert load, then the right side's. */
    Map<CompareKey, long[]> totals() {
        flush();
        Map<CompareKey, long[]> out = new LinkedHashMap<>();
        slotOf.forEach((layer, slot) -> out.put(CompareKey.layer(layer), sums(slot)));
        return out;
    }

    private long[] sums(int slot) {
        AgreementTotals t = agreement.read(slot);
        long[] sums = Arrays.copyOf(
                new long[] {t.tokens(), t.equalSets(), t.overlapSum(), t.unionSum(), t.firstEqual(), t.masked()},
                6 + 2 * numExperts);
        long[] counts = new long[numExperts];
        for (int side = 0; side < 2; side++) {
            load.read(2 * slot + side, counts);
            System.arraycopy(counts, 0, sums, 6 + side * numExperts, numExperts);
        }
        return sums;
    }

    /** A layer of {@link #totals} as the figures it holds. */
    static Comparison.Layer layer(long[] sums, int numExperts) {
        return new Comparison.Layer(
                new AgreementTotals(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]),
                Arrays.copyOfRange(sums, 6, 6 + numExperts),
                Arrays.copyOfRange(sums, 6 + numExperts, 6 + 2 * numExperts));
    }

    @Override
    public void close() {
        try {
            AutoCloseables.close(open);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}

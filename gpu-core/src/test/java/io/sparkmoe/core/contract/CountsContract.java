package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.CountsResult;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.PaddingResult;
import io.sparkmoe.core.routing.PaddingTotals;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Counts, padding and their accumulators against the definition. */
final class CountsContract {
    private final RoutingBackend backend;

    CountsContract(RoutingBackend backend) {
        this.backend = backend;
    }

    void expertCounts(Routing routing) {
        CountsOptions options = new CountsOptions(routing.numExperts(), InvalidPolicy.DROP);
        routing.runAsSlice((batch, allocator) -> {
            try (CountsResult r = backend.expertCounts(batch, options, allocator)) {
                for (int s = 0; s < batch.segments(); s++) {
                    assertThat(r.counts64().longs(s))
                            .isEqualTo(Naive.counts(routing.segments().get(s), routing.numExperts()));
                }
                assertThat(r.counts()).isEqualTo(leftOut(routing));
            }
        });
    }

    private static IdCounts leftOut(Routing routing) {
        return AlignContract.leftOut(routing, IdOptions.of(routing.numExperts()).withInvalid(InvalidPolicy.DROP));
    }

    /** Blocks of each block size, used ids and active experts of one segment. */
    private static long[] figures(int[] ids, int experts, int[] blockSizes) {
        long[] counts = Naive.counts(ids, experts);
        long[] out = new long[blockSizes.length + 2];
        for (int j = 0; j < blockSizes.length; j++) {
            for (long c : counts) {
                out[j] += (c + blockSizes[j] - 1) / blockSizes[j];
            }
        }
        out[blockSizes.length] = Arrays.stream(counts).sum();
        out[blockSizes.length + 1] = Arrays.stream(counts).filter(c -> c > 0).count();
        return out;
    }

    void padding(Routing routing) {
        int[] sizes = RandomRouting.BLOCK_SIZES;
        PaddingOptions options = new PaddingOptions(routing.numExperts(), sizes, InvalidPolicy.DROP);
        routing.run((batch, allocator) -> {
            try (PaddingResult r = backend.padding(batch, options, allocator)) {
                for (int s = 0; s < batch.segments(); s++) {
                    long[] expected = figures(routing.segments().get(s), routing.numExperts(), sizes);
                    for (int j = 0; j < sizes.length; j++) {
                        assertThat(r.blocks().longs(s)[j]).isEqualTo(expected[j]);
                        assertThat(r.slots().longs(s)[j]).isEqualTo(expected[j] * sizes[j]);
                    }
                    assertThat(r.used().getLong(8L * s)).isEqualTo(expected[sizes.length]);
                    assertThat(r.activeExperts().getInt(4L * s)).isEqualTo((int) expected[sizes.length + 1]);
                }
                assertThat(r.counts()).isEqualTo(leftOut(routing));
            }
        });
    }

    /** Two batches, with slots in runs and slots that change at every segment; then forgotten and counted again. */
    void expertLoad(Routing routing) {
        int segments = routing.segments().size();
        int[] runs = slots(segments, s -> s / 5);
        int[] changing = slots(segments, s -> s % 3);
        long[][] expected = new long[segments][routing.numExperts()];
        add(expected, routing, runs);
        add(expected, routing, changing);
        routing.runAsSlice((batch, allocator) -> {
            CountsOptions options = new CountsOptions(routing.numExperts(), InvalidPolicy.DROP);
            try (ExpertLoadAccumulator load = backend.expertLoad(options, allocator)) {
                for (int round = 0; round < 2; round++) {
                    load.add(batch, runs, 3);
                    load.add(batch, changing, segments);
                    long[] out = new long[routing.numExperts()];
                    for (int slot = 0; slot < segments; slot++) {
                        load.read(slot, out);
                        assertThat(out).isEqualTo(expected[slot]);
                    }
                    assertThat(load.counts()).isEqualTo(leftOut(routing).plus(leftOut(routing)));
                    load.clear();
                    assertThat(load.counts()).isEqualTo(IdCounts.NONE);
                }
            }
        });
    }

    private static int[] slots(int segments, IntUnaryOperator of) {
        return IntStream.range(0, segments).map(of).toArray();
    }

    private static void add(long[][] to, Routing routing, int[] slots) {
        for (int s = 0; s < slots.length; s++) {
            long[] counts = Naive.counts(routing.segments().get(s), routing.numExperts());
            for (int e = 0; e < counts.length; e++) {
                to[slots[s]][e] += counts[e];
            }
        }
    }

    void paddingTotals(Routing routing) {
        int[] sizes = RandomRouting.BLOCK_SIZES;
        List<int[]> segments = routing.segments();
        int[] slots = slots(segments.size(), s -> s % 4);
        routing.run((batch, allocator) -> {
            PaddingOptions options = new PaddingOptions(routing.numExperts(), sizes, InvalidPolicy.DROP);
            try (PaddingAccumulator sums = backend.paddingTotals(options, allocator)) {
                sums.add(batch, slots, 1 + 3);
                sums.clear();
                sums.add(batch, slots, 5);
                for (int slot = 0; slot < 5; slot++) {
                    PaddingTotals expected = totals(segments, slots, slot, routing.numExperts());
                    PaddingTotals seen = sums.read(slot);
                    assertThat(seen.segments()).isEqualTo(expected.segments());
                    assertThat(seen.blocks()).isEqualTo(expected.blocks());
                    assertThat(seen.slots()).isEqualTo(expected.slots());
                    assertThat(seen.used()).isEqualTo(expected.used());
                    assertThat(seen.activeExperts()).isEqualTo(expected.activeExperts());
                }
                assertThat(sums.counts()).isEqualTo(leftOut(routing));
            }
        });
    }

    private static PaddingTotals totals(List<int[]> segments, int[] slots, int slot, int experts) {
        int[] sizes = RandomRouting.BLOCK_SIZES;
        PaddingTotals sum = new PaddingTotals(0, new long[sizes.length], new long[sizes.length], 0, 0);
        for (int s = 0; s < slots.length; s++) {
            if (slots[s] == slot) {
                long[] f = figures(segments.get(s), experts, sizes);
                long[] blocks = Arrays.copyOf(f, sizes.length);
                long[] padded = new long[sizes.length];
                Arrays.setAll(padded, j -> blocks[j] * sizes[j]);
                sum = sum.plus(new PaddingTotals(1, blocks, padded, f[sizes.length], f[sizes.length + 1]));
            }
        }
        return sum;
    }
}

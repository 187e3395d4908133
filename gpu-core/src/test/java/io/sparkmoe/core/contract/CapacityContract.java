package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.analysis.CapacityAccumulator;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CapacityTotals;
import io.sparkmoe.core.analysis.WeightBatch;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/** Capacity and drops against the definition, by position and by weight. */
final class CapacityContract {
    private static final double[] FACTORS = {0.5, 1, 1.25, 4};

    private final RoutingBackend backend;

    CapacityContract(RoutingBackend backend) {
        this.backend = backend;
    }

    /** Positions that a pass drops: what is left of each expert's ids after the first {@code capacity} of an order. */
    private static Set<Integer> dropped(int[] ids, float @Nullable [] weights, int experts, long capacity) {
        Set<Integer> out = new HashSet<>();
        for (int e = 0; e < experts; e++) {
            int expert = e;
            List<Integer> of = new ArrayList<>(IntStream.range(0, ids.length)
                    .filter(i -> ids[i] == expert)
                    .boxed()
                    .toList());
            if (weights != null) {
                of.sort(Comparator.comparingDouble((Integer i) -> -(weights[i] + 0.0f)));
            }
            out.addAll(of.subList((int) Math.min(capacity, of.size()), of.size()));
        }
        return out;
    }

    private static void expect(long[][] sums, int[] ids, float @Nullable [] weights, int topk, int experts) {
        if (ids.length == 0) {
            return;
        }
        int tokens = ids.length / topk;
        sums[0][0]++;
        sums[1][0] += tokens;
        sums[2][0] += IntStream.of(ids).filter(i -> i >= 0 && i < experts).count();
        for (int f = 0; f < FACTORS.length; f++) {
            long capacity = (long) Math.ceil((tokens * topk) / (double) experts * FACTORS[f]);
            Set<Integer> dropped = dropped(ids, weights, experts, capacity);
            sums[3][f] += capacity;
            sums[4][f] += dropped.size();
            for (int t = 0; t < tokens; t++) {
                List<Integer> taking = IntStream.range(t * topk, (t + 1) * topk)
                        .filter(i -> ids[i] >= 0 && ids[i] < experts)
                        .boxed()
                        .toList();
                sums[5][f] += taking.stream().anyMatch(dropped::contains) ? 1 : 0;
                sums[6][f] += !taking.isEmpty() && dropped.containsAll(taking) ? 1 : 0;
            }
        }
    }

    void agrees(RandomTokens.Tokens tokens) {
        Routing routing = tokens.routing();
        Random random = new Random(9);
        List<float[]> weights = new ArrayList<>();
        for (int[] ids : routing.segments()) {
            float[] w = new float[ids.length];
            for (int i = 0; i < w.length; i++) {
                w[i] = random.nextInt(6) == 0 ? -0.0f : random.nextInt(5) * 0.25f - 0.25f;
            }
            weights.add(w);
        }
        agrees(tokens, null);
        agrees(tokens, weights);
    }

    private void agrees(RandomTokens.Tokens tokens, @Nullable List<float[]> weights) {
        Routing routing = tokens.routing();
        int e = routing.numExperts();
        int segments = routing.segments().size();
        int[] slots = IntStream.range(0, segments).map(s -> s % 2).toArray();
        long[][][] expected = new long[2][7][FACTORS.length];
        for (int s = 0; s < segments; s++) {
            float[] w = weights == null ? null : weights.get(s);
            expect(expected[slots[s]], routing.segments().get(s), w, tokens.topk(), e);
        }
        routing.run((batch, allocator) -> {
            CapacityOptions options = new CapacityOptions(e, tokens.topk(), FACTORS, InvalidPolicy.DROP);
            try (CapacityAccumulator sums = backend.analyses().capacity(options, allocator);
                    ArrowBuf values = allocator.buffer(Math.max(1, 4 * routing.ids()))) {
                WeightBatch view = weights == null ? null : weights(batch, values, weights);
                for (int round = 0; round < 2; round++) {
                    sums.add(batch, view, slots, 2);
                    for (int slot = 0; slot < 2; slot++) {
                        assertThat(sums.read(slot)).isEqualTo(totals(expected[slot]));
                    }
                    assertThat(sums.counts())
                            .isEqualTo(AlignContract.leftOut(
                                    routing, IdOptions.of(e).withInvalid(InvalidPolicy.DROP)));
                    sums.clear();
                    assertThat(sums.counts()).isEqualTo(IdCounts.NONE);
                }
            }
        });
    }

    private static CapacityTotals totals(long[][] s) {
        return new CapacityTotals(s[0][0], s[1][0], s[2][0], s[3], s[4], s[5], s[6]);
    }

    private static WeightBatch weights(RoutingBatch batch, ArrowBuf values, List<float[]> weights) {
        long at = 0;
        for (float[] list : weights) {
            for (float w : list) {
                values.setFloat(at, w);
                at += 4;
            }
        }
        return new WeightBatch(batch.offsetsAddress(), values.memoryAddress());
    }

    /** Double arithmetic in the stated order: 400 / 8 * 1.1 is a little more than 55. */
    void megatronsArithmetic() {
        assertThat(CapacityOptions.capacity(100, 4, 8, 1.1)).isEqualTo(56);
        assertThat(CapacityOptions.capacity(640, 1, 64, 1.1)).isEqualTo(11);
        assertThat(CapacityOptions.capacity(80, 8, 64, 1.0)).isEqualTo(10);
        assertThat(CapacityOptions.capacity(1, 1, 64, 1.0)).isEqualTo(1);
    }

    void badInput() {
        assertThatThrownBy(() -> new CapacityOptions(4, 2, new double[] {1, Double.NaN}, InvalidPolicy.ERROR))
                .hasMessage("factors must all be finite and above 0, got [1.0, NaN]");
        assertThatThrownBy(() -> new CapacityOptions(4, 2, new double[0], InvalidPolicy.ERROR))
                .hasMessage("factors is empty: give at least one");
        CapacityOptions options = new CapacityOptions(4, 2, new double[] {1}, InvalidPolicy.ERROR);
        Routing.of(4, new int[] {0, 1}).run((batch, allocator) -> {
            try (CapacityAccumulator sums = backend.analyses().capacity(options, allocator);
                    ArrowBuf values = allocator.buffer(8);
                    ArrowBuf offsets = allocator.buffer(8)) {
                values.setFloat(0, 1);
                values.setFloat(4, Float.NaN);
                WeightBatch nan = new WeightBatch(batch.offsetsAddress(), values.memoryAddress());
                assertThatThrownBy(() -> sums.add(batch, nan, new int[1], 1))
                        .isInstanceOf(MalformedRoutingException.class)
                        .hasMessage(
                                "row 0, position 1: the weight is NULL or NaN; which ids an expert keeps is undefined."
                                        + " Leave topk_weights out to keep the earliest.");
                offsets.setInt(0, 0);
                offsets.setInt(4, 1);
                WeightBatch few = new WeightBatch(offsets.memoryAddress(), values.memoryAddress());
                assertThatThrownBy(() -> sums.add(batch, few, new int[1], 1))
                        .hasMessage("row 0: 1 topk_weights for 2 topk_ids; there must be one weight an id.");
            }
        });
    }
}

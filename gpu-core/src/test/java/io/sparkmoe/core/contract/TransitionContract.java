package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.analysis.LayerPair;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.analysis.TransitionOptions.Slots;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Transitions between layers against the definition. */
final class TransitionContract {
    /** A layer list with dense layers in between. */
    private static final int[] LAYERS = {3, 4, 7, 9};

    private final RoutingBackend backend;

    TransitionContract(RoutingBackend backend) {
        this.backend = backend;
    }

    /** Every segment again at each layer, moved on by the layer's number so that layers differ. */
    private static Routing layered(Routing one) {
        List<int[]> out = new ArrayList<>();
        for (int[] segment : one.segments()) {
            for (int layer : LAYERS) {
                int shift = layer % 3;
                out.add(IntStream.range(0, segment.length)
                        .map(i -> segment[(i + shift) % segment.length])
                        .toArray());
            }
        }
        return new Routing(one.name(), one.type(), one.numExperts(), out, one.firstRow());
    }

    private static int[] firsts(int blocks) {
        return IntStream.rangeClosed(0, blocks).map(b -> b * LAYERS.length).toArray();
    }

    private static int[] layers(int blocks) {
        return IntStream.range(0, blocks * LAYERS.length)
                .map(s -> LAYERS[s % LAYERS.length])
                .toArray();
    }

    private static Map<LayerPair, long[]> expected(Routing layered, int topk, TransitionOptions o, int slot) {
        Map<LayerPair, long[]> out = new TreeMap<>();
        int e = layered.numExperts();
        int blocks = layered.segments().size() / LAYERS.length;
        for (int b = slot; b < blocks; b += 2) {
            for (int x = 0; x < LAYERS.length; x++) {
                for (int y = x + 1; y < LAYERS.length; y++) {
                    if ((o.lag() == TransitionOptions.ALL_PAIRS || y == x + o.lag())
                            && o.counts(LAYERS[x], LAYERS[y])) {
                        long[] m = out.computeIfAbsent(new LayerPair(LAYERS[x], LAYERS[y]), p -> new long[e * e]);
                        List<int[]> from =
                                NaiveAnalysis.tokens(layered.segments().get(b * LAYERS.length + x), topk);
                        List<int[]> to = NaiveAnalysis.tokens(layered.segments().get(b * LAYERS.length + y), topk);
                        for (int t = 0; t < from.size(); t++) {
                            NaiveAnalysis.transitions(m, from.get(t), to.get(t), e, o.slots());
                        }
                    }
                }
            }
        }
        return out;
    }

    void agrees(RandomTokens.Tokens tokens) {
        int e = tokens.routing().numExperts();
        Routing layered = layered(tokens.routing());
        for (Slots slots : Slots.values()) {
            for (int lag : new int[] {1, 2, TransitionOptions.ALL_PAIRS}) {
                TransitionOptions o = new TransitionOptions(e, tokens.topk(), lag, slots, 0, 1, InvalidPolicy.DROP);
                agrees(layered, tokens.topk(), o);
            }
        }
    }

    private void agrees(Routing layered, int topk, TransitionOptions o) {
        int blocks = layered.segments().size() / LAYERS.length;
        int[] slotOf = IntStream.range(0, blocks).map(b -> b % 2).toArray();
        layered.run((batch, allocator) -> {
            try (TransitionAccumulator sums = backend.analyses().transitions(o, allocator)) {
                for (int round = 0; round < 2; round++) {
                    sums.add(new LayerBlocks(batch, firsts(blocks), layers(blocks), 0), slotOf, 2);
                    for (int slot = 0; slot < 2; slot++) {
                        check(sums, slot, expected(layered, topk, o, slot), layered.numExperts());
                    }
                    assertThat(sums.counts())
                            .isEqualTo(AlignContract.leftOut(
                                    layered, IdOptions.of(layered.numExperts()).withInvalid(InvalidPolicy.DROP)));
                    assertThat(sums.bytes()).isPositive();
                    sums.clear();
                    assertThat(sums.counts()).isEqualTo(IdCounts.NONE);
                    assertThat(sums.pairs(0)).isEmpty();
                }
            }
        });
    }

    private static void check(TransitionAccumulator sums, int slot, Map<LayerPair, long[]> expected, int experts) {
        assertThat(sums.pairs(slot)).containsExactlyElementsOf(expected.keySet());
        long[] out = new long[experts * experts];
        expected.forEach((pair, counts) -> {
            sums.read(slot, pair, out);
            assertThat(out).as("%s", pair).isEqualTo(counts);
        });
        sums.read(slot, new LayerPair(0, 1), out);
        assertThat(out).containsOnly(0);
    }

    /** Every pair is in one part, whatever the number of parts. */
    void partsAddUp() {
        for (int lag : new int[] {1, TransitionOptions.ALL_PAIRS}) {
            for (int parts = 1; parts < 6; parts++) {
                for (int from = 0; from < 10; from++) {
                    for (int to = from + 1; to < 10; to++) {
                        int in = 0;
                        for (int part = 0; part < parts; part++) {
                            in += new TransitionOptions(4, 2, lag, Slots.ALL, part, parts, InvalidPolicy.DROP)
                                            .counts(from, to)
                                    ? 1
                                    : 0;
                        }
                        assertThat(in).isEqualTo(1);
                    }
                }
            }
        }
    }

    void badInput() {
        Routing.of(4, new int[] {0, 1}, new int[] {2, 5}).run((batch, allocator) -> {
            refused(
                    batch,
                    allocator,
                    new int[] {7, 7},
                    "row 5: layer 7 comes after layer 7; the layers of a token block" + " ascend and are there once.");
            refused(
                    batch,
                    allocator,
                    new int[] {7, 8},
                    "row 5, layer 8, position 1: expert id 5 is outside [0, 4). Check"
                            + " num_experts, or pass invalid => 'drop' to leave such ids out and count them.");
        });
        new Routing("", IdType.INT16, 4, List.of(new int[] {0, 1}, new int[4]), 0)
                .run((batch, allocator) -> refused(
                        batch,
                        allocator,
                        new int[] {1, 2},
                        "row 5: layer 2 has 4 ids, layer 1 has 2; every layer of a token block has the same tokens."));
        assertThatThrownBy(() -> new TransitionOptions(4, 2, -1, Slots.ALL, 0, 1, InvalidPolicy.ERROR))
                .hasMessage("lag must be at least 1, got -1");
        assertThatThrownBy(() -> new TransitionOptions(4, 2, 1, Slots.ALL, 2, 2, InvalidPolicy.ERROR))
                .hasMessage("part must be in [0, parts) and parts at least 1, got part 2 of 2");
    }

    private void refused(
            io.sparkmoe.core.routing.RoutingBatch batch,
            org.apache.arrow.memory.BufferAllocator allocator,
            int[] layers,
            String message) {
        TransitionOptions o = new TransitionOptions(4, 2, 1, Slots.ALL, 0, 1, InvalidPolicy.ERROR);
        try (TransitionAccumulator sums = backend.analyses().transitions(o, allocator)) {
            assertThatThrownBy(() -> sums.add(new LayerBlocks(batch, new int[] {0, 2}, layers, 5), new int[1], 1))
                    .isInstanceOf(io.sparkmoe.core.routing.MalformedRoutingException.class)
                    .hasMessage(message);
        }
    }
}

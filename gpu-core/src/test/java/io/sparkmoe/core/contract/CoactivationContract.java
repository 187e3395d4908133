package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.analysis.Triangle;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Co-activation against the definition, whatever the batches, slots and kinds. */
final class CoactivationContract {
    private final RoutingBackend backend;

    CoactivationContract(RoutingBackend backend) {
        this.backend = backend;
    }

    private static int[] slots(int segments) {
        return IntStream.range(0, segments).map(s -> s % 3).toArray();
    }

    private static long[][] expected(Routing routing, int[] slots, int topk, CoactivationKind kind) {
        int e = routing.numExperts();
        long[][] out = new long[3][e * e];
        for (int s = 0; s < slots.length; s++) {
            for (int[] token : NaiveAnalysis.tokens(routing.segments().get(s), topk)) {
                NaiveAnalysis.coactivation(out[slots[s]], token, e, kind);
            }
        }
        return out;
    }

    private static void check(CoactivationAccumulator sums, long[][] expected, int experts) {
        long[] out = new long[Triangle.size(experts)];
        for (int slot = 0; slot < expected.length; slot++) {
            sums.read(slot, out);
            assertThat(Triangle.full(out, experts)).isEqualTo(expected[slot]);
        }
    }

    private static IdCounts leftOut(Routing routing) {
        return AlignContract.leftOut(routing, IdOptions.of(routing.numExperts()).withInvalid(InvalidPolicy.DROP));
    }

    void agrees(RandomTokens.Tokens tokens, CoactivationKind kind) {
        Routing routing = tokens.routing();
        int e = routing.numExperts();
        int segments = routing.segments().size();
        int[] slots = slots(segments);
        long[][] expected = expected(routing, slots, tokens.topk(), kind);
        routing.runAsSlice((batch, allocator) -> {
            CoactivationOptions options = new CoactivationOptions(e, tokens.topk(), kind, InvalidPolicy.DROP);
            try (CoactivationAccumulator sums = backend.analyses().coactivation(options, allocator)) {
                sums.add(batch, slots, 3);
                check(sums, expected, e);
                assertThat(sums.counts()).isEqualTo(leftOut(routing));
                sums.clear();
                for (int s = 0; s < segments; s++) {
                    sums.add(batch.slice(s, s + 1), new int[] {slots[s]}, slots[s] + 1);
                }
                sums.add(batch.slice(0, 0), new int[0], 3);
                check(sums, expected, e);
                assertThat(sums.counts()).isEqualTo(leftOut(routing));
            }
        });
    }

    /** Without topk each segment is one token; tokens of several lengths mix. */
    void aSegmentIsAToken(RandomTokens.Tokens tokens, CoactivationKind kind) {
        Routing single = RandomTokens.exploded(tokens);
        List<int[]> mixed = new java.util.ArrayList<>(single.segments());
        mixed.add(0, new int[] {0});
        mixed.add(new int[0]);
        mixed.add(new int[] {0, 0, 0, 0, 0});
        Routing routing = new Routing(single.name(), single.type(), single.numExperts(), mixed, 0);
        int e = routing.numExperts();
        int[] slots = slots(mixed.size());
        long[][] expected = new long[3][e * e];
        for (int s = 0; s < slots.length; s++) {
            NaiveAnalysis.coactivation(expected[slots[s]], mixed.get(s), e, kind);
        }
        routing.run((batch, allocator) -> {
            CoactivationOptions options = new CoactivationOptions(e, Topk.OF_SEGMENT, kind, InvalidPolicy.DROP);
            try (CoactivationAccumulator sums = backend.analyses().coactivation(options, allocator)) {
                sums.add(batch, slots, 3);
                check(sums, expected, e);
            }
        });
    }

    void golden(JsonNode row) {
        int e = row.get("num_experts").intValue();
        int topk = row.get("topk").intValue();
        long[] pairs = GoldenRows.longs(row, "pair_count");
        boolean same = !GoldenRows.has(row, "token_count");
        long[] tokens = same ? pairs : GoldenRows.longs(row, "token_count");
        Routing.of(e, GoldenRows.ints(row, "topk_ids")).run((batch, allocator) -> {
            for (CoactivationKind kind : List.of(CoactivationKind.PAIRS, CoactivationKind.TOKENS)) {
                CoactivationOptions options = new CoactivationOptions(e, topk, kind, InvalidPolicy.ERROR);
                try (CoactivationAccumulator sums = backend.analyses().coactivation(options, allocator)) {
                    sums.add(batch, new int[1], 1);
                    check(sums, new long[][] {kind == CoactivationKind.PAIRS ? pairs : tokens}, e);
                }
            }
        });
    }

    /** More increments than 2^31 over all cells, and a repeated id late in a long run. */
    void manyTokens() {
        int[] token = {0, 1, 2, 3, 4, 5, 6, 7};
        int[] segment = new int[8 * 40_000];
        Arrays.setAll(segment, i -> token[i % 8]);
        int rounds = 1000;
        Routing.of(8, segment, new int[] {0, 0, 1, 2, 3, 4, 5, 6}).run((batch, allocator) -> {
            CoactivationOptions options = new CoactivationOptions(8, 8, CoactivationKind.TOKENS, InvalidPolicy.ERROR);
            try (CoactivationAccumulator sums = backend.analyses().coactivation(options, allocator)) {
                for (int i = 0; i < rounds; i++) {
                    sums.add(batch, new int[2], 1);
                }
                long[] expected = new long[64];
                for (int i = 0; i < 64; i++) {
                    expected[i] = rounds * (40_000L + (i / 8 < 7 && i % 8 < 7 ? 1 : 0));
                }
                check(sums, new long[][] {expected}, 8);
            }
        });
    }

    void badInput() {
        Routing.of(4, new int[] {0, 1}, new int[] {0, 1, 2}).run((batch, allocator) -> {
            CoactivationOptions two = new CoactivationOptions(4, 2, CoactivationKind.TOKENS, InvalidPolicy.ERROR);
            try (CoactivationAccumulator sums = backend.analyses().coactivation(two, allocator)) {
                assertThatThrownBy(() -> sums.add(batch, new int[2], 1))
                        .isInstanceOf(MalformedRoutingException.class)
                        .hasMessage("row 1: 3 ids are not whole tokens of topk = 2. Check topk, or clean the row.");
            }
        });
        Routing.of(4, new int[1025]).run((batch, allocator) -> {
            CoactivationOptions none =
                    new CoactivationOptions(4, Topk.OF_SEGMENT, CoactivationKind.TOKENS, InvalidPolicy.ERROR);
            try (CoactivationAccumulator sums = backend.analyses().coactivation(none, allocator)) {
                assertThatThrownBy(() -> sums.add(batch, new int[1], 1))
                        .hasMessage(
                                "row 0: a token of 1025 slots, more than 1024. Give topk: without it every list is one"
                                        + " token.");
            }
        });
        assertThatThrownBy(() -> new CoactivationOptions(8193, 8, CoactivationKind.TOKENS, InvalidPolicy.ERROR))
                .hasMessage(
                        "num_experts must be in [1, 8192] where the result has num_experts x num_experts counts, got"
                                + " 8193");
        assertThatThrownBy(() -> new CoactivationOptions(8, -1, CoactivationKind.TOKENS, InvalidPolicy.ERROR))
                .hasMessage("topk must be in [1, 1024], got -1");
    }

    /** 1,024 experts and a slot that never gets an id. */
    void manyExperts() {
        int[] ids = {1023, 0, 512, 1023, -1, 7};
        Routing routing =
                new Routing("", io.sparkmoe.core.routing.IdType.INT16, 1024, Collections.singletonList(ids), 0);
        routing.run((batch, allocator) -> {
            CoactivationOptions options =
                    new CoactivationOptions(1024, 3, CoactivationKind.TOKENS, InvalidPolicy.ERROR);
            try (CoactivationAccumulator sums = backend.analyses().coactivation(options, allocator)) {
                sums.add(batch, new int[] {1}, 2);
                long[] out = new long[Triangle.size(1024)];
                sums.read(0, out);
                assertThat(out).containsOnly(0);
                sums.read(1, out);
                assertThat(out[Triangle.index(1023, 1023, 1024)]).isEqualTo(2);
                assertThat(out[Triangle.index(512, 0, 1024)]).isEqualTo(1);
                assertThat(out[Triangle.index(7, 1023, 1024)]).isEqualTo(1);
                assertThat(Arrays.stream(out).sum()).isEqualTo(6 + 3);
            }
        });
    }
}

package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.analysis.AgreementAccumulator;
import io.sparkmoe.core.analysis.AgreementOptions;
import io.sparkmoe.core.analysis.AgreementTotals;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Agreement of two routings against the definition. */
final class AgreementContract {
    private final RoutingBackend backend;

    AgreementContract(RoutingBackend backend) {
        this.backend = backend;
    }

    /** The same tokens with some slots swapped and some ids changed. */
    private static Routing disturbed(Routing r, int topk) {
        Random random = new Random(5);
        List<int[]> out = new ArrayList<>();
        for (int[] segment : r.segments()) {
            int[] ids = segment.clone();
            for (int t = 0; t < ids.length; t += topk) {
                if (random.nextInt(3) == 0) {
                    int other = t + random.nextInt(topk);
                    int id = ids[t];
                    ids[t] = ids[other];
                    ids[other] = id;
                }
                if (random.nextInt(3) == 0) {
                    ids[t + random.nextInt(topk)] = random.nextInt(r.numExperts());
                }
            }
            out.add(ids);
        }
        return new Routing(r.name(), io.sparkmoe.core.routing.IdType.INT32, r.numExperts(), out, r.firstRow());
    }

    /** Agreement knows no number of experts and refuses ids below -1. */
    static boolean takes(RandomTokens.Tokens tokens) {
        return tokens.routing().segments().stream()
                .allMatch(ids -> IntStream.of(ids).allMatch(id -> id >= -1 && id < 65_535));
    }

    void agrees(RandomTokens.Tokens tokens) {
        Routing left = tokens.routing();
        Routing right = disturbed(left, tokens.topk());
        compare(left, right, tokens.topk(), tokens.topk());
        Routing single = RandomTokens.exploded(tokens);
        compare(single, disturbed(single, tokens.topk()), tokens.topk(), Topk.OF_SEGMENT);
    }

    private void compare(Routing left, Routing right, int topk, int option) {
        int segments = left.segments().size();
        int[] slots = IntStream.range(0, segments).map(s -> s % 3).toArray();
        AgreementTotals[] expected = {AgreementTotals.NONE, AgreementTotals.NONE, AgreementTotals.NONE};
        for (int s = 0; s < segments; s++) {
            List<int[]> a = NaiveAnalysis.tokens(left.segments().get(s), topk);
            List<int[]> b = NaiveAnalysis.tokens(right.segments().get(s), topk);
            for (int t = 0; t < a.size(); t++) {
                expected[slots[s]] = expected[slots[s]].plus(NaiveAnalysis.agreement(a.get(t), b.get(t)));
            }
        }
        left.runAsSlice((x, allocator) -> right.run((y, other) -> {
            try (AgreementAccumulator sums = backend.analyses().agreement(new AgreementOptions(option), allocator)) {
                for (int round = 0; round < 2; round++) {
                    sums.add(x, y, slots, 3);
                    for (int slot = 0; slot < 3; slot++) {
                        assertThat(sums.read(slot)).isEqualTo(expected[slot]);
                    }
                    assertThat(sums.counts().ids()).isEqualTo(left.ids() + right.ids());
                    sums.clear();
                    assertThat(sums.counts()).isEqualTo(IdCounts.NONE);
                }
            }
        }));
    }

    void badInput() {
        refused(
                new int[] {0, 1},
                new int[] {0, 1, 2, 3},
                "row 0: left_ids has 2 ids, right_ids has 4. Both must route the same tokens with the same topk; join token"
                        + " blocks of equal first_position and num_tokens.");
        refused(new int[3], new int[3], "row 0: 3 ids are not whole tokens of topk = 2. Check topk, or clean the row.");
        refused(
                new int[] {0, 1},
                new int[] {0, -5},
                "row 0, position 1: expert id -5 in right_ids is outside [0, 65535). Correct it, or make it -1: its token is"
                        + " then left out and counted.");
    }

    private void refused(int[] left, int[] right, String message) {
        Routing.of(8, left)
                .run((x, allocator) -> Routing.of(8, right).run((y, other) -> {
                    try (AgreementAccumulator sums = backend.analyses().agreement(new AgreementOptions(2), allocator)) {
                        assertThatThrownBy(() -> sums.add(x, y, new int[1], 1))
                                .isInstanceOf(MalformedRoutingException.class)
                                .hasMessage(message);
                    }
                }));
    }
}

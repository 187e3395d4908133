package io.sparkmoe.core.contract;

import static io.sparkmoe.core.contract.GoldenRows.codes;
import static io.sparkmoe.core.contract.GoldenRows.ints;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.reorder.TopkResult;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Top-k against a model's own router, which chose by fp32 logits that were recorded as fp16: what became equal by that may
 * have been chosen in any order, or not at all.
 */
final class RecordedRouterContract {
    /** How far a token's ids are determined by its recorded logits. */
    enum Kind {
        /** No two of the first topk + 1 are equal: ids and order. */
        ORDERED,
        /** Equal ones among the chosen: ids as a set. */
        TIED_INSIDE,
        /** Equal ones on both sides of the boundary: the ids that are larger. */
        TIED_AT_BOUNDARY
    }

    private final ReorderBackend backend;

    RecordedRouterContract(ReorderBackend backend) {
        this.backend = backend;
    }

    /** Holds that every token agrees; returns how many there are of each kind. */
    Map<Kind, Integer> check(List<JsonNode> segments) {
        List<int[]> logits =
                segments.stream().map(s -> codes(s, "logits_u16", 2)).toList();
        JsonNode first = segments.get(0);
        TopkOptions options = TopkOptions.of(
                first.get("num_experts").intValue(), first.get("topk").intValue());
        Map<Kind, Integer> kinds = new EnumMap<>(Kind.class);
        try (ReorderArena arena = new ReorderArena(0, 0)) {
            TensorBatch batch = arena.tensor(TensorType.FP16, logits);
            try (TopkResult r = backend.topk(batch, options, arena.results)) {
                for (int s = 0; s < segments.size(); s++) {
                    segment(segments.get(s), logits.get(s), r, s, options, kinds);
                }
            }
        }
        return kinds;
    }

    private static void segment(
            JsonNode row, int[] logits, TopkResult r, int s, TopkOptions o, Map<Kind, Integer> kinds) {
        int k = o.topk();
        int[] ids = ints(row, "topk_ids");
        int[] weights = codes(row, "topk_weights_u32", 4);
        for (int t = 0; t < row.get("num_tokens").intValue(); t++) {
            int[] ofToken = Arrays.copyOfRange(logits, t * o.numExperts(), (t + 1) * o.numExperts());
            int[] got = Arrays.copyOfRange(r.topkIds().ints(s), t * k, (t + 1) * k);
            int[] recorded = Arrays.copyOfRange(ids, t * k, (t + 1) * k);
            Kind kind = kind(ofToken, k);
            kinds.merge(kind, 1, Integer::sum);
            switch (kind) {
                case ORDERED -> assertThat(got).isEqualTo(recorded);
                case TIED_INSIDE -> assertThat(got).containsExactlyInAnyOrder(recorded);
                case TIED_AT_BOUNDARY -> assertThat(values(ofToken, got)).isEqualTo(values(ofToken, recorded));
            }
            for (int slot = 0; slot < k; slot++) {
                float weight = Float.intBitsToFloat(r.topkWeights().ints(s)[t * k + slot]);
                float expected = Float.intBitsToFloat(weights[t * k + slot]);
                assertThat(weight / expected)
                        .as("weight %s, recorded %s", weight, expected)
                        .isCloseTo(1, within(3e-3f));
            }
        }
    }

    private static Kind kind(int[] logits, int k) {
        List<Float> sorted = values(logits, IntStream.range(0, logits.length).toArray());
        if (sorted.get(k - 1).equals(sorted.get(k))) {
            return Kind.TIED_AT_BOUNDARY;
        }
        return IntStream.range(1, k).anyMatch(i -> sorted.get(i - 1).equals(sorted.get(i)))
                ? Kind.TIED_INSIDE
                : Kind.ORDERED;
    }

    /** The logits of some experts, descending. */
    private static List<Float> values(int[] logits, int[] experts) {
        return IntStream.of(experts)
                .mapToObj(e -> NaiveReorder.decode(TensorType.FP16, logits[e]))
                .sorted(Collections.reverseOrder())
                .toList();
    }
}

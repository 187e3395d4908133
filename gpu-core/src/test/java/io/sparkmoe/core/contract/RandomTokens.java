package io.sparkmoe.core.contract;

import io.sparkmoe.core.routing.IdType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Seeded routings of whole tokens, the shapes that the analyses take. */
final class RandomTokens {
    private static final int[][] EXPERTS_TOPK = {
        {1, 1}, {3, 2}, {64, 6}, {64, 8}, {129, 4}, {256, 8}, {200, 10}, {300, 22}
    };
    private static final int[] TOKENS = {0, 1, 5, 1, 300, 33};

    /**
     * @param topk slots of a token
     * @param routing segments of whole tokens
     */
    record Tokens(int topk, Routing routing) {
        @Override
        public String toString() {
            return "topk " + topk + ", " + routing.name();
        }
    }

    private RandomTokens() {}

    /** One batch per shape, draw and id type that can hold the draw. */
    static Stream<Tokens> all() {
        List<Tokens> out = new ArrayList<>();
        long seed = 77;
        for (int[] shape : EXPERTS_TOPK) {
            for (RandomRouting.Draw draw : RandomRouting.Draw.values()) {
                for (IdType type : IdType.values()) {
                    if (RandomRouting.holds(type, draw)) {
                        out.add(tokens(seed++, shape[0], shape[1], type, draw));
                    }
                }
            }
        }
        return out.stream();
    }

    private static Tokens tokens(long seed, int experts, int topk, IdType type, RandomRouting.Draw draw) {
        Random random = new Random(seed);
        List<int[]> segments = new ArrayList<>();
        for (int tokens : TOKENS) {
            segments.add(RandomRouting.ids(random, tokens * topk, type, experts, draw));
        }
        String name = "seed " + seed + ", E " + experts + ", " + draw + ", " + type;
        return new Tokens(topk, new Routing(name, type, experts, segments, 100));
    }

    /** Each token as a segment of its own. */
    static Routing exploded(Tokens tokens) {
        List<int[]> segments = new ArrayList<>();
        for (int[] ids : tokens.routing().segments()) {
            segments.addAll(NaiveAnalysis.tokens(ids, tokens.topk()));
        }
        Routing r = tokens.routing();
        return new Routing(r.name(), r.type(), r.numExperts(), segments, r.firstRow());
    }
}

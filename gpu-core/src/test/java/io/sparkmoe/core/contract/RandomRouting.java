package io.sparkmoe.core.contract;

import io.sparkmoe.core.routing.IdType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Seeded routings of awkward sizes. */
final class RandomRouting {
    static final int[] SIZES = {0, 1, 7, 1023, 1024, 1025};
    static final int[] EXPERTS = {1, 3, 64, 129, 384, 896, 1024, 2000};
    static final int[] BLOCK_SIZES = {1, 16, 48, 128, 256};

    /** How ids are drawn. */
    enum Draw {
        UNIFORM,
        DISTINCT,
        ONE_EXPERT,
        SKEWED,
        MASKED,
        ALL_MASKED,
        INVALID
    }

    private RandomRouting() {}

    /** One batch per number of experts, draw and id type that can hold the draw; every batch mixes all sizes. */
    static Stream<Routing> all() {
        List<Routing> out = new ArrayList<>();
        long seed = 20_261;
        for (int experts : EXPERTS) {
            for (Draw draw : Draw.values()) {
                for (IdType type : IdType.values()) {
                    if (holds(type, draw)) {
                        out.add(batch(seed++, type, experts, draw));
                    }
                }
            }
        }
        return out.stream();
    }

    static boolean holds(IdType type, Draw draw) {
        return switch (draw) {
            case MASKED, ALL_MASKED -> type.masks();
            case INVALID -> type.signed();
            default -> true;
        };
    }

    private static Routing batch(long seed, IdType type, int experts, Draw draw) {
        Random random = new Random(seed);
        List<int[]> segments = new ArrayList<>();
        for (int size : SIZES) {
            segments.add(ids(random, size, type, experts, draw));
        }
        for (int topk = 1; topk <= 22; topk += 7) {
            segments.add(ids(random, topk * random.nextInt(40), type, experts, draw));
        }
        segments.add(ids(random, 4 * (experts + 4) + 4097, type, experts, draw));
        segments.add(ids(random, 8, type, experts, draw));
        return new Routing("seed " + seed + ", E " + experts + ", " + draw + ", " + type, type, experts, segments, 100);
    }

    /** A segment of ids, those of {@link Draw#INVALID} out of range here and there. */
    static int[] ids(Random random, int n, IdType type, int numExperts, Draw draw) {
        int experts = (int) Math.min(numExperts, type.maxId() + 1L);
        int topk = Math.min(experts, 8);
        int[] ids = new int[n];
        int one = random.nextInt(experts);
        for (int i = 0; i < n; i++) {
            ids[i] = switch (draw) {
                case UNIFORM -> random.nextInt(experts);
                case DISTINCT -> distinct(random, ids, i, i - i % topk, experts);
                case ONE_EXPERT -> one;
                case SKEWED -> (int) (experts * Math.pow(random.nextDouble(), 4));
                case MASKED -> random.nextInt(4) == 0 ? -1 : random.nextInt(experts);
                case ALL_MASKED -> -1;
                case INVALID -> maybeInvalid(random, type, numExperts, experts);
            };
        }
        return ids;
    }

    private static int distinct(Random random, int[] ids, int i, int tokenStart, int experts) {
        while (true) {
            int id = random.nextInt(experts);
            boolean taken = false;
            for (int k = tokenStart; k < i; k++) {
                taken |= ids[k] == id;
            }
            if (!taken) {
                return id;
            }
        }
    }

    private static int maybeInvalid(Random random, IdType type, int numExperts, int experts) {
        return switch (random.nextInt(6)) {
            case 0 -> -1;
            case 1 -> -2 - random.nextInt(100);
            case 2 -> type.maxId() >= numExperts ? type.maxId() - random.nextInt(type.maxId() - numExperts + 1) : -128;
            default -> random.nextInt(experts);
        };
    }
}

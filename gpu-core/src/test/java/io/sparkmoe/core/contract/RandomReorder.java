package io.sparkmoe.core.contract;

import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Makes {@link ReorderCase}s: awkward sizes, every kind of value. */
final class RandomReorder {
    static final int[] HIDDEN_SIZES = {1, 3, 7, 8, 129, 7168};
    static final int EXPERTS = 8;

    private static final int[] TOPK = {1, 2, 3, 8};
    private static final ExpertRange[] RANGES = {
        ExpertRange.ALL, new ExpertRange(2, 5), new ExpertRange(3, 3), new ExpertRange(3, 2), new ExpertRange(0, 7)
    };
    private static final IdType[] ID_TYPES = IdType.values();
    private static final float[] AWKWARD = {
        0f,
        -0f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        448,
        464,
        480,
        -465,
        65504,
        65520,
        -70000,
        0x1p-9f,
        0x1p-10f,
        0x1.8p-10f,
        0x1p-24f,
        0x1p-25f,
        0x1.8p-25f,
        0x1p-130f,
        1e38f,
        -3e38f
    };

    private final Random random;
    private final int seed;
    private final int topk;
    private final int hiddenSize;
    private final TensorType type;

    private RandomReorder(int seed, TensorType type, int hiddenSize) {
        this.seed = seed;
        this.type = type;
        this.hiddenSize = hiddenSize;
        random = new Random(seed);
        topk = TOPK[random.nextInt(TOPK.length)];
    }

    /** Tokens; src2dst names some of the rows of the result, each at most once. */
    static ReorderCase pre(int seed, TensorType type, int hiddenSize) {
        RandomReorder r = new RandomReorder(seed, type, hiddenSize);
        return r.make(0);
    }

    /** Experts' rows, some of which no slot names. */
    static ReorderCase post(int seed, TensorType type, int hiddenSize) {
        RandomReorder r = new RandomReorder(seed, type, hiddenSize);
        return r.make(1 + r.random.nextInt(3));
    }

    /** {@code spare}: 0 for a row a token, else a row a slot and that many more. */
    private ReorderCase make(int spare) {
        IdType idType = ID_TYPES[seed % ID_TYPES.length];
        ExpertRange experts = RANGES[seed % RANGES.length];
        int[] tokens = hiddenSize > 1000 ? new int[] {1, 0, 3} : new int[] {0, 5, 1, 0, 17, 40, 0};
        ReorderCase c = new ReorderCase(
                type.sqlName() + " topk " + topk + " hidden_size " + hiddenSize + " ids " + idType + " " + experts
                        + " seed " + seed,
                type,
                idType,
                topk,
                hiddenSize,
                experts,
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                random.nextInt(4));
        for (int t : tokens) {
            int rows = spare == 0 ? t : t * topk + spare;
            c.rows().add(codes(rows * hiddenSize));
            c.topkIds().add(ids(t * topk, idType.masks()));
            c.src2dst().add(permutation(t * topk, spare == 0 ? t * topk : rows));
            c.scales().add(scales(Math.max(t, EXPERTS)));
            c.weights().add(weights(t * topk));
        }
        return c;
    }

    private int[] codes(int count) {
        int[] codes = new int[count];
        for (int i = 0; i < count; i++) {
            codes[i] = switch (random.nextInt(20)) {
                case 0 -> NaiveReorder.encode(type, AWKWARD[random.nextInt(AWKWARD.length)]);
                case 1 -> random.nextInt() & (type == TensorType.FP32 ? -1 : 0xffff);
                default -> NaiveReorder.encode(type, (float) random.nextGaussian() * 3);
            };
        }
        return codes;
    }

    private int[] ids(int count, boolean masks) {
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] = masks && random.nextInt(10) == 0 ? -1 : random.nextInt(EXPERTS);
        }
        return ids;
    }

    /** Distinct rows of {@code rows}, a few of them made negative. */
    private int[] permutation(int slots, int rows) {
        List<Integer> all = new ArrayList<>();
        for (int r = 0; r < rows; r++) {
            all.add(r);
        }
        Collections.shuffle(all, random);
        int[] out = new int[slots];
        for (int i = 0; i < slots; i++) {
            out[i] = random.nextInt(12) == 0 ? -1 - random.nextInt(3) : all.get(i);
        }
        return out;
    }

    private float[] scales(int count) {
        float[] out = new float[count];
        for (int i = 0; i < count; i++) {
            out[i] = random.nextInt(16) == 0
                    ? List.of(Float.MIN_VALUE, Float.MAX_VALUE, 1e-40f, 3e38f).get(random.nextInt(4))
                    : Math.scalb(1 + random.nextFloat(), random.nextInt(20) - 10);
        }
        return out;
    }

    private float[] weights(int count) {
        float[] out = new float[count];
        for (int i = 0; i < count; i++) {
            out[i] = random.nextInt(40) == 0 ? AWKWARD[random.nextInt(AWKWARD.length)] : random.nextFloat();
        }
        return out;
    }
}

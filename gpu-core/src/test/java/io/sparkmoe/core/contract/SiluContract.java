package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * silu_and_mul against its definition: the gate may be a rounding away where the exact one lies as near to a tie as an fp32
 * exponential cannot tell; everything after it is exact.
 */
final class SiluContract {
    private static final int EXPERTS = 8;
    private static final int[] HALVES = {1, 3, 7, 8, 129, 3584};
    private static final ExpertRange RANGE = new ExpertRange(1, 5);

    private final ReorderBackend backend;

    SiluContract(ReorderBackend backend) {
        this.backend = backend;
    }

    /** Every pair of types and hidden size, with and without scales. */
    Stream<ReorderContract.Check> all() {
        int[] seed = {9_000};
        return ReorderContract.INPUTS.stream()
                .flatMap(type -> Arrays.stream(TensorType.values())
                        .flatMap(out -> Arrays.stream(HALVES)
                                .boxed()
                                .flatMap(half -> Stream.of(false, true)
                                        .map(scaled -> new SiluAndMulOptions(
                                                2 * half, scaled, scaled ? RANGE : ExpertRange.ALL, out)))
                                .map(o -> {
                                    int n = seed[0]++;
                                    return new ReorderContract.Check(
                                            type.sqlName() + " to " + o + " seed " + n, () -> check(type, o, n));
                                })));
    }

    private void check(TensorType type, SiluAndMulOptions o, int seed) {
        Random random = new Random(seed);
        List<int[]> gateup = new ArrayList<>();
        List<int[]> ids = new ArrayList<>();
        List<float[]> scales = new ArrayList<>();
        for (int rows : o.hiddenSize() > 1000 ? new int[] {2, 0} : new int[] {0, 9, 1, 30, 0}) {
            gateup.add(values(random, type, rows * o.hiddenSize()));
            // Rows after the last id are there too.
            ids.add(random.ints(rows - rows / 4, -1, EXPERTS).toArray());
            scales.add(scales(random));
        }
        try (ReorderArena arena = new ReorderArena(40, seed % 4)) {
            TensorBatch in = arena.tensor(type, gateup);
            RoutingBatch reorderTopkIds = arena.ids(IdType.INT16, ids);
            TensorBatch given = o.scaled() ? arena.floats(scales) : null;
            List<int[]> whole = ReorderArena.taken(backend.siluAndMul(in, reorderTopkIds, given, o, arena.results));
            for (int s = 0; s < whole.size(); s++) {
                segment(type, o, gateup.get(s), ids.get(s), scales.get(s), whole.get(s));
            }
            ReorderContract.inSlices(
                    whole,
                    (from, to) -> ReorderArena.taken(backend.siluAndMul(
                            in.slice(from, to),
                            reorderTopkIds.slice(from, to),
                            given == null ? null : given.slice(from, to),
                            o,
                            arena.results)));
        }
    }

    private static float[] scales(Random random) {
        float[] scales = new float[EXPERTS];
        for (int e = 0; e < EXPERTS; e++) {
            scales[e] = Math.scalb(1 + random.nextFloat(), random.nextInt(8) - 4);
        }
        return scales;
    }

    private static int[] values(Random random, TensorType type, int count) {
        float[] odd = {0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 88, -87, 1e4f, -1e4f, 1e-7f
        };
        int[] codes = new int[count];
        for (int i = 0; i < count; i++) {
            float v = random.nextInt(15) == 0 ? odd[random.nextInt(odd.length)] : (float) random.nextGaussian() * 4;
            codes[i] = NaiveReorder.encode(type, v);
        }
        return codes;
    }

    private static void segment(
            TensorType type, SiluAndMulOptions o, int[] gateup, int[] ids, float[] scales, int[] got) {
        int half = o.hiddenSize() / 2;
        assertThat(got).hasSize(gateup.length / 2);
        for (int i = 0; i < got.length; i++) {
            int row = i / half;
            if (row >= ids.length || !o.experts().contains(ids[row])) {
                assertThat(got[i]).as("element %d of a row not selected", i).isZero();
                continue;
            }
            float gate = NaiveReorder.decode(type, gateup[row * o.hiddenSize() + i % half]);
            float up = NaiveReorder.decode(type, gateup[row * o.hiddenSize() + half + i % half]);
            float scale = o.scaled() ? scales[ids[row] - o.experts().start()] : 0;
            if (got[i] != element(type, o, gate, up, scale, 0)) {
                assertThat(got[i])
                        .as("element %d, gate %s, up %s, scale %s", i, gate, up, scale)
                        .isIn(element(type, o, gate, up, scale, -1), element(type, o, gate, up, scale, 1));
            }
        }
    }

    /** With the gate's exact value moved by less than an fp32 exponential's error in the direction given. */
    private static int element(TensorType type, SiluAndMulOptions o, float gate, float up, float scale, int direction) {
        double silu = gate / (1 + Math.exp(-(double) gate));
        double error = type == TensorType.FP32 ? 0x1p-24 : 0x1p-21;
        float g = Exact.round(type, silu * (1 + direction * error));
        float v = NaiveReorder.rounded(type, g * up);
        if (o.scaled()) {
            v = NaiveReorder.rounded(type, v * NaiveReorder.rounded(type, 1 / scale));
        }
        return NaiveReorder.encode(o.outType(), v);
    }
}

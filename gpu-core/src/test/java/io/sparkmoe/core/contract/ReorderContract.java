package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** pre_reorder and post_reorder against their definitions, to the bit, whole and in slices of the batch. */
final class ReorderContract {
    static final List<TensorType> INPUTS = List.of(TensorType.FP32, TensorType.FP16, TensorType.BF16);

    private final ReorderBackend backend;

    ReorderContract(ReorderBackend backend) {
        this.backend = backend;
    }

    /** A case and what to do with it. */
    record Check(String name, Runnable run) {}

    private static Stream<Check> byTypeAndSize(BiFunction<TensorType, Integer, Stream<Check>> checks) {
        return INPUTS.stream()
                .flatMap(type ->
                        Arrays.stream(RandomReorder.HIDDEN_SIZES).boxed().flatMap(h -> checks.apply(type, h)));
    }

    /** Every pair of types, scale mode and hidden size. */
    Stream<Check> preReorder() {
        int[] seed = {1_000};
        return byTypeAndSize((type, h) -> Arrays.stream(TensorType.values())
                .flatMap(out -> Arrays.stream(ScaleMode.values()).map(mode -> {
                    ReorderCase c = RandomReorder.pre(seed[0]++, type, h);
                    PreReorderOptions o = new PreReorderOptions(c.topk(), h, mode, c.experts(), out);
                    return new Check(c + " to " + out + " " + mode, () -> pre(c, o));
                })));
    }

    /** Every arithmetic, type and hidden size. */
    Stream<Check> postReorder() {
        int[] seed = {5_000};
        float[] factors = {1, 2.5f, -0.37f, 0};
        return byTypeAndSize((type, h) -> Arrays.stream(Arithmetic.values())
                .filter(a -> a == Arithmetic.FP32 || type != TensorType.FP32)
                .map(a -> {
                    ReorderCase c = RandomReorder.post(seed[0]++, type, h);
                    float factor = a == Arithmetic.FMA16 ? 1 : factors[seed[0] % factors.length];
                    PostReorderOptions o = new PostReorderOptions(c.topk(), h, c.experts(), factor, a);
                    return new Check(c + " " + a + " " + factor, () -> post(c, o));
                }));
    }

    private void pre(ReorderCase c, PreReorderOptions o) {
        List<float[]> scales = scales(c, o);
        boolean one = c.lead() % 2 == 1 && o.scaleMode() != ScaleMode.PER_TOKEN;
        List<int[]> expected = IntStream.range(0, c.rows().size())
                .mapToObj(s -> NaiveReorder.pre(c, s, scales.get(one ? 0 : s), o))
                .toList();
        try (ReorderArena arena = new ReorderArena(40, c.lead())) {
            TensorBatch hidden = arena.tensor(c.type(), c.rows());
            RoutingBatch ids = arena.ids(c.idType(), c.topkIds());
            RoutingBatch src2dst = arena.ids(IdType.INT32, c.src2dst());
            TensorBatch given =
                    o.scaleMode() == ScaleMode.NONE ? null : arena.floats(one ? scales.subList(0, 1) : scales);
            inSlices(
                    expected,
                    (from, to) -> ReorderArena.taken(backend.preReorder(
                            hidden.slice(from, to),
                            ids.slice(from, to),
                            src2dst.slice(from, to),
                            slice(given, one, from, to),
                            o,
                            arena.results)));
        }
    }

    private static @Nullable TensorBatch slice(@Nullable TensorBatch scales, boolean one, int from, int to) {
        return scales == null || one ? scales : scales.slice(from, to);
    }

    /** As many as the mode wants, or more where that is allowed. */
    private static List<float[]> scales(ReorderCase c, PreReorderOptions o) {
        List<float[]> scales = new ArrayList<>();
        for (int s = 0; s < c.rows().size(); s++) {
            int count = switch (o.scaleMode()) {
                case NONE -> 0;
                case SCALAR -> 1;
                case PER_TOKEN -> c.rows().get(s).length / c.hiddenSize();
                case PER_EXPERT -> RandomReorder.EXPERTS;
            };
            scales.add(Arrays.copyOf(c.scales().get(s), count));
        }
        return scales;
    }

    private void post(ReorderCase c, PostReorderOptions o) {
        List<int[]> expected = IntStream.range(0, c.rows().size())
                .mapToObj(s -> NaiveReorder.post(c, s, o))
                .toList();
        try (ReorderArena arena = new ReorderArena(40, c.lead())) {
            TensorBatch down = arena.tensor(c.type(), c.rows());
            RoutingBatch ids = arena.ids(c.idType(), c.topkIds());
            RoutingBatch src2dst = arena.ids(IdType.INT32, c.src2dst());
            TensorBatch weights = arena.floats(c.weights());
            inSlices(
                    expected,
                    (from, to) -> ReorderArena.taken(backend.postReorder(
                            down.slice(from, to),
                            ids.slice(from, to),
                            src2dst.slice(from, to),
                            weights.slice(from, to),
                            o,
                            arena.results)));
        }
    }

    /** An operator over the segments [from, to) of a batch. */
    interface Sliced {
        List<int[]> run(int from, int to);
    }

    /** The whole, both halves and nothing at all. */
    static void inSlices(List<int[]> expected, Sliced operator) {
        int segments = expected.size();
        int[][] slices = {{0, segments}, {0, segments / 2}, {segments / 2, segments}, {1, 1}};
        for (int[] slice : slices) {
            List<int[]> got = operator.run(slice[0], slice[1]);
            assertThat(got).hasSize(slice[1] - slice[0]);
            for (int s = 0; s < got.size(); s++) {
                assertThat(got.get(s))
                        .as("segment %d of [%d, %d)", s, slice[0], slice[1])
                        .isEqualTo(expected.get(slice[0] + s));
            }
        }
    }
}

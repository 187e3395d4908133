package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.List;
import java.util.function.UnaryOperator;

/** Operators over one another's results, wherever these lie. */
final class ReorderChainContract {
    private static final int HIDDEN_SIZE = 258;

    private final RoutingBackend routing;
    private final ReorderBackend backend;

    ReorderChainContract(RoutingBackend routing) {
        this.routing = routing;
        backend = routing.reorder();
    }

    /** How one operator's result becomes the next one's operand. */
    private interface Link extends UnaryOperator<Activations> {}

    private static Activations onHost(Activations activations) {
        return activations instanceof TensorResult r ? r.host() : activations;
    }

    /** pre_reorder, silu_and_mul, post_reorder. */
    private List<int[]> chain(ReorderBackend first, ReorderBackend rest, Link link, int seed) {
        ReorderCase c = RandomReorder.pre(seed, TensorType.BF16, HIDDEN_SIZE);
        IdOptions ids = IdOptions.of(RandomReorder.EXPERTS);
        try (ReorderArena arena = new ReorderArena(0, c.lead());
                EpPreprocessResult maps = routing.epPreprocess(
                        arena.ids(c.idType(), c.topkIds()), EpPreprocessOptions.of(ids, EpForm.SGLANG), arena.results);
                TensorResult gateup = first.preReorder(
                        arena.tensor(c.type(), c.rows()),
                        arena.ids(c.idType(), c.topkIds()),
                        maps.src2dst().asBatch(0),
                        null,
                        PreReorderOptions.of(c.topk(), HIDDEN_SIZE, TensorType.FP16),
                        arena.results);
                TensorResult down = rest.siluAndMul(
                        link.apply(gateup),
                        maps.reorderTopkIds().asBatch(0),
                        null,
                        SiluAndMulOptions.of(HIDDEN_SIZE, TensorType.BF16),
                        arena.results);
                TensorResult out = rest.postReorder(
                        link.apply(down),
                        arena.ids(IdType.INT32, c.topkIds()),
                        maps.src2dst().asBatch(0),
                        arena.floats(c.weights()),
                        PostReorderOptions.of(c.topk(), HIDDEN_SIZE / 2),
                        arena.results)) {
            assertThat(out.segments()).isEqualTo(c.rows().size());
            return ReorderArena.codes(out);
        }
    }

    /** A result is used where it lies, on the host, or on the host of another backend: all the same. */
    void resultsAreOperands() {
        try (RoutingBackend cpu =
                RoutingBackends.open(RoutingBackends.Request.CPU, false).backend()) {
            for (int seed = 50_000; seed < 50_014; seed++) {
                List<int[]> direct = chain(backend, backend, a -> a, seed);
                assertThat(direct.get(1)).isNotEmpty();
                same(chain(backend, backend, ReorderChainContract::onHost, seed), direct);
                same(chain(cpu.reorder(), backend, a -> a, seed), direct);
            }
        }
    }

    private static void same(List<int[]> got, List<int[]> expected) {
        assertThat(got).hasSameSizeAs(expected);
        for (int s = 0; s < got.size(); s++) {
            assertThat(got.get(s)).isEqualTo(expected.get(s));
        }
    }

    /** Read twice, closed twice; not read after. */
    void aResultKnowsThatItIsClosed() {
        try (ReorderArena arena = new ReorderArena(0, 0)) {
            TensorResult r = new ReorderOperands(false).pre(backend, arena, arena.results);
            assertThat(r.totalElements()).isEqualTo(24);
            assertThat(r.host()).isEqualTo(r.host());
            assertThat(r.resident()).isFalse();
            r.close();
            r.close();
            assertThatThrownBy(r::host)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }
}

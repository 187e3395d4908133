package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.Arrays;
import java.util.List;

/** Expert-parallel preprocessing against the definition, over its forms. */
final class EpPreprocessContract {
    private final RoutingBackend backend;

    EpPreprocessContract(RoutingBackend backend) {
        this.backend = backend;
    }

    void all(Routing routing) {
        IdOptions drop = IdOptions.of(routing.numExperts()).withInvalid(InvalidPolicy.DROP);
        check(routing, EpPreprocessOptions.of(drop, EpForm.SGLANG));
        check(routing, EpPreprocessOptions.of(drop.withMasked(MaskedPolicy.KEEP), EpForm.SGLANG));
        check(routing, EpPreprocessOptions.of(drop, EpForm.DEEPEP));
        ExpertMap map = AlignContract.map(
                routing.numExperts(), ExpertMap.Form.LOCAL, routing.name().hashCode());
        check(routing, EpPreprocessOptions.of(drop.withExpertMap(map), EpForm.VLLM));
        int mMax = (int) routing.segments().stream()
                .flatMapToLong(s -> Arrays.stream(Naive.counts(s, routing.numExperts())))
                .max()
                .orElse(0);
        check(routing, new EpPreprocessOptions(drop, EpForm.PADDED, 0, Math.max(1, mMax)));
        for (int topk : new int[] {1, 8, 22}) {
            List<int[]> whole = routing.segments().stream()
                    .map(s -> Arrays.copyOf(s, s.length - s.length % topk))
                    .toList();
            check(
                    new Routing(routing.name(), routing.type(), routing.numExperts(), whole, routing.firstRow()),
                    new EpPreprocessOptions(drop, EpForm.KMAJOR, topk, 0));
        }
    }

    private void check(Routing routing, EpPreprocessOptions options) {
        routing.runAsSlice((batch, allocator) -> {
            try (EpPreprocessResult r = backend.epPreprocess(batch, options, allocator)) {
                for (int s = 0; s < batch.segments(); s++) {
                    int n = routing.segments().get(s).length;
                    assertThat(12L * n
                                    + 8L * r.segIndptr().length(s)
                                    + 4L * r.maskedM().length(s))
                            .isLessThanOrEqualTo(options.maxResultBytes(n));
                    checkSegment(r, s, routing.segments().get(s), options);
                }
                IdOptions ids = options.form() == EpForm.VLLM ? options.ids().withExpertMap(null) : options.ids();
                assertThat(r.counts()).isEqualTo(AlignContract.leftOut(routing, ids));
            }
        });
    }

    private static void checkSegment(EpPreprocessResult r, int s, int[] ids, EpPreprocessOptions options) {
        IdOptions o = options.ids();
        List<Integer> order = Naive.order(Naive.taking(ids, o), i -> key(ids[i], o));
        List<Integer> keys = order.stream().map(i -> key(ids[i], o)).toList();
        ExpertMap map = o.expertMap();
        int experts = map != null ? map.numLocalExperts() : o.numExperts();
        assertThat(r.reorderTopkIds().ints(s)).isEqualTo(Naive.ints(keys));
        assertThat(r.segIndptr().longs(s)).isEqualTo(Naive.segIndptr(keys, experts));
        assertThat(r.reorderIds().ints(s))
                .isEqualTo(order.stream()
                        .mapToInt(i -> row(i, ids.length, options))
                        .toArray());
        assertThat(r.src2dst().ints(s)).isEqualTo(src2dst(ids, order, options));
        int[] maskedM = options.form() == EpForm.PADDED
                ? Arrays.stream(Naive.counts(ids, experts))
                        .mapToInt(Math::toIntExact)
                        .toArray()
                : new int[0];
        assertThat(r.maskedM().ints(s)).isEqualTo(maskedM);
    }

    private static int key(int id, IdOptions o) {
        ExpertMap map = o.expertMap();
        return map == null ? id : map.local(id) >= 0 ? map.local(id) : id + o.numExperts();
    }

    private static int row(int i, int n, EpPreprocessOptions options) {
        int topk = options.topk();
        return options.form() == EpForm.KMAJOR ? i % topk * (n / topk) + i / topk : i;
    }

    private static int[] src2dst(int[] ids, List<Integer> order, EpPreprocessOptions options) {
        int[] out = new int[ids.length];
        Arrays.fill(out, -1);
        int[] rank = new int[options.ids().numExperts()];
        for (int d = 0; d < order.size(); d++) {
            int i = order.get(d);
            out[row(i, ids.length, options)] =
                    options.form() == EpForm.PADDED ? ids[i] * options.mMax() + rank[ids[i]]++ : d;
        }
        if (options.form() == EpForm.DEEPEP) {
            int next = -(int) Arrays.stream(ids).filter(Naive::masked).count();
            for (int i = 0; i < ids.length; i++) {
                out[i] = Naive.masked(ids[i]) ? next++ : out[i];
            }
        }
        return out;
    }
}

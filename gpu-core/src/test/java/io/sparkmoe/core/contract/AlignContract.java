package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.AlignResult;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.ExpertMap;
import io.sparkmoe.core.routing.IdCounts;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Align and its compact form against the definition, over every policy and map. */
final class AlignContract {
    private static final List<MaskedPolicy> MASKED = List.of(MaskedPolicy.DROP, MaskedPolicy.BIN);

    private static final List<ExpertMap.Form> FORMS = List.of(ExpertMap.Form.LOCAL, ExpertMap.Form.REMAP);

    private final RoutingBackend backend;

    AlignContract(RoutingBackend backend) {
        this.backend = backend;
    }

    /** Some experts local, in shuffled order. */
    static ExpertMap map(int experts, ExpertMap.Form form, long seed) {
        Random random = new Random(seed);
        List<Integer> all = new ArrayList<>();
        for (int e = 0; e < experts; e++) {
            all.add(e);
        }
        Collections.shuffle(all, random);
        int[] map = new int[experts];
        int locals = (experts + 3) / 4;
        for (int l = 0; l < experts; l++) {
            map[all.get(l)] = l < locals ? l : -1;
        }
        return ExpertMap.of(map, form);
    }

    void align(Routing routing) {
        int at = Math.floorMod(routing.name().hashCode(), 30);
        for (MaskedPolicy masked : MASKED) {
            ExpertMap map = at % 3 == 0 ? null : map(routing.numExperts(), FORMS.get(at % 3 - 1), at);
            int blockSize = RandomRouting.BLOCK_SIZES[at % 5];
            align(routing, options(routing, masked, map), blockSize);
            at++;
        }
    }

    private static IdOptions options(Routing routing, MaskedPolicy masked, @Nullable ExpertMap map) {
        return new IdOptions(routing.numExperts(), InvalidPolicy.DROP, masked, map);
    }

    private void align(Routing routing, IdOptions ids, int blockSize) {
        AlignOptions options = new AlignOptions(ids, blockSize);
        routing.runAsSlice((batch, allocator) -> {
            try (AlignResult r = backend.align(batch, options, allocator)) {
                for (int s = 0; s < batch.segments(); s++) {
                    int[] segment = routing.segments().get(s);
                    Naive.Aligned expected = Naive.align(segment, ids, blockSize);
                    assertThat(r.sortedTokenIds().ints(s)).isEqualTo(Naive.ints(expected.sorted()));
                    assertThat(r.expertIds().ints(s)).isEqualTo(Naive.ints(expected.experts()));
                    assertThat(r.numTokensPostPad().getInt(4L * s))
                            .isEqualTo(expected.sorted().size());
                    assertThat(4L * r.sortedTokenIds().length(s)
                                    + 4L * r.expertIds().length(s)
                                    + 4)
                            .isLessThanOrEqualTo(options.maxResultBytes(segment.length));
                }
                assertThat(r.counts()).isEqualTo(leftOut(routing, ids));
            }
        });
    }

    /** What {@link IdCounts} must say. */
    static IdCounts leftOut(Routing routing, IdOptions o) {
        ExpertMap map = o.expertMap();
        IdCounts sum = IdCounts.NONE;
        for (int[] segment : routing.segments()) {
            for (int id : segment) {
                boolean invalid = Naive.invalid(id, o.numExperts());
                boolean elsewhere =
                        map != null && map.form() == ExpertMap.Form.LOCAL && id >= 0 && !invalid && map.local(id) < 0;
                boolean masked = id == -1 && o.masked() == MaskedPolicy.DROP;
                sum = sum.plus(new IdCounts(1, masked ? 1 : 0, invalid ? 1 : 0, elsewhere ? 1 : 0));
            }
        }
        return sum;
    }

    void compact(Routing routing) {
        int at = Math.floorMod(routing.name().hashCode(), 2);
        ExpertMap map = at == 0 ? null : map(routing.numExperts(), ExpertMap.Form.LOCAL, at);
        IdOptions ids = options(routing, MaskedPolicy.DROP, map);
        compact(routing, ids);
    }

    /** A rank that holds no expert drops every id. */
    void noLocalExpert(Routing routing) {
        int[] none = new int[routing.numExperts()];
        Arrays.fill(none, -1);
        IdOptions ids = options(routing, MaskedPolicy.DROP, ExpertMap.of(none, ExpertMap.Form.LOCAL));
        compact(routing, ids);
        align(routing, ids, 16);
    }

    private void compact(Routing routing, IdOptions ids) {
        CompactOptions options = new CompactOptions(ids);
        routing.run((batch, allocator) -> {
            try (CompactResult r = backend.alignCompact(batch, options, allocator)) {
                for (int s = 0; s < batch.segments(); s++) {
                    // With blocks of one nothing is padded: the aligned order is the compact one.
                    Naive.Aligned expected = Naive.align(routing.segments().get(s), ids, 1);
                    assertThat(r.sortedIds().ints(s)).isEqualTo(Naive.ints(expected.sorted()));
                    assertThat(4L * r.sortedIds().length(s)
                                    + 4L * r.expertOffsets().length(s))
                            .isLessThanOrEqualTo(
                                    options.maxResultBytes(routing.segments().get(s).length));
                    long[] offsets = Naive.segIndptr(expected.experts(), ids.bins());
                    assertThat(Arrays.stream(r.expertOffsets().ints(s))
                                    .asLongStream()
                                    .toArray())
                            .isEqualTo(offsets);
                }
                assertThat(r.counts()).isEqualTo(leftOut(routing, ids));
            }
        });
    }
}

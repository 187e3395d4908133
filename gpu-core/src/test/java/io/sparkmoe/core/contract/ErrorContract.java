package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkmoe.core.analysis.CapacityAccumulator;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.MaskedPolicy;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.PaddingOptions;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;

/** Bad ids: every id operator names row, position, value and range, and leaves nothing allocated. */
final class ErrorContract {
    private static final int EXPERTS = 64;
    private static final int GOOD = 9000;

    /** An operator that answers and closes its answer. */
    interface Operator {
        void run(RoutingBatch batch, IdOptions ids, BufferAllocator allocator);
    }

    private final RoutingBackend backend;

    ErrorContract(RoutingBackend backend) {
        this.backend = backend;
    }

    /** The operators that take every masked policy but bin and keep. */
    Map<String, Operator> orderings() {
        Map<String, Operator> all = new LinkedHashMap<>();
        all.put(
                "align",
                (b, o, a) -> backend.align(b, new AlignOptions(o, 16), a).close());
        all.put(
                "alignCompact",
                (b, o, a) -> backend.alignCompact(b, new CompactOptions(o), a).close());
        for (EpForm form : List.of(EpForm.SGLANG, EpForm.DEEPEP)) {
            all.put(
                    "epPreprocess " + form,
                    (b, o, a) -> backend.epPreprocess(b, EpPreprocessOptions.of(o, form), a)
                            .close());
        }
        return all;
    }

    /** Every operator over ids. */
    Map<String, Operator> operators() {
        Map<String, Operator> all = orderings();
        all.put(
                "expertCounts",
                (b, o, a) -> backend.expertCounts(b, counts(o), a).close());
        all.put("padding", (b, o, a) -> backend.padding(b, padding(o), a).close());
        all.put("expertLoad", (b, o, a) -> {
            try (ExpertLoadAccumulator load = backend.expertLoad(counts(o), a)) {
                load.add(b, new int[b.segments()], 1);
            }
        });
        all.put("expertLoad, changing slots", (b, o, a) -> {
            try (ExpertLoadAccumulator load = backend.expertLoad(counts(o), a)) {
                load.add(b, new int[] {0, 1, 2, 3}, 4);
            }
        });
        all.put("paddingTotals", (b, o, a) -> {
            try (PaddingAccumulator sums = backend.paddingTotals(padding(o), a)) {
                sums.add(b, new int[b.segments()], 1);
            }
        });
        all.put("coactivation", (b, o, a) -> {
            CoactivationOptions options =
                    new CoactivationOptions(o.numExperts(), Topk.OF_SEGMENT, CoactivationKind.TOKENS, o.invalid());
            CoactivationOptions ones =
                    new CoactivationOptions(o.numExperts(), 1, CoactivationKind.ADJACENT, o.invalid());
            boolean tokens = b.length(2) <= Topk.MAX;
            try (CoactivationAccumulator sums = backend.analyses().coactivation(tokens ? options : ones, a)) {
                sums.add(b, new int[b.segments()], 1);
            }
        });
        all.put("capacity", (b, o, a) -> {
            CapacityOptions options = new CapacityOptions(o.numExperts(), 1, new double[] {1}, o.invalid());
            try (CapacityAccumulator sums = backend.analyses().capacity(options, a)) {
                sums.add(b, null, new int[b.segments()], 1);
            }
        });
        return all;
    }

    private static CountsOptions counts(IdOptions o) {
        return new CountsOptions(o.numExperts(), o.invalid());
    }

    private static PaddingOptions padding(IdOptions o) {
        return new PaddingOptions(o.numExperts(), new int[] {16, 64}, o.invalid());
    }

    /** Rows 100 to 103; row 102 holds {@code bad} at {@code position}, in a segment of {@code length}. */
    private static Routing withOne(int bad, int position, int length) {
        int[] odd = new int[length];
        odd[position] = bad;
        return new Routing("", IdType.INT32, EXPERTS, List.of(new int[] {1, 2}, new int[0], odd, new int[] {-1}), 100);
    }

    void invalidId(Operator operator) {
        for (int length : new int[] {8, GOOD}) {
            for (int bad : new int[] {EXPERTS, Integer.MAX_VALUE, -2, Integer.MIN_VALUE}) {
                withOne(bad, length - 1, length).run((batch, allocator) -> {
                    Throwable t = catchThrowable(() -> operator.run(batch, IdOptions.of(EXPERTS), allocator));
                    assertThat(t)
                            .isInstanceOf(MalformedRoutingException.class)
                            .hasMessage("row 102, position " + (length - 1) + ": expert id " + bad
                                    + " is outside [0, 64). Check num_experts, or pass "
                                    + "invalid => 'drop' to leave such ids out and count them.");
                    assertThat(((MalformedRoutingException) t).row()).isEqualTo(102);
                    assertThat(((MalformedRoutingException) t).position()).isEqualTo(length - 1);
                });
            }
        }
    }

    void maskedId(Operator operator) {
        for (int length : new int[] {8, GOOD}) {
            withOne(-1, 5, length)
                    .run((batch, allocator) -> assertThatThrownBy(() -> operator.run(
                                    batch,
                                    IdOptions.of(EXPERTS)
                                            .withMasked(MaskedPolicy.ERROR)
                                            .withInvalid(InvalidPolicy.DROP),
                                    allocator))
                            .isInstanceOf(MalformedRoutingException.class)
                            .hasMessage(
                                    "row 102, position 5: masked expert id (-1 or NULL) while masked => 'error'. Pass "
                                            + "masked => 'drop' to leave masked ids out and count them."));
        }
    }

    /** Memory may run out at any of the operator's allocations. */
    void outOfMemory(Operator operator) {
        withOne(3, 5, GOOD).run((batch, root) -> {
            boolean failed = false;
            boolean succeeded = false;
            for (long limit = 1; !succeeded; limit *= 2) {
                try (BufferAllocator allocator = root.newChildAllocator("limited", 0, limit)) {
                    operator.run(batch, IdOptions.of(EXPERTS), allocator);
                    succeeded = true;
                } catch (OutOfMemoryException e) {
                    failed = true;
                }
            }
            assertThat(failed).isTrue();
        });
    }
}

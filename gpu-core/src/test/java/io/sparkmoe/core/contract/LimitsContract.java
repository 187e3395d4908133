package io.sparkmoe.core.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.BatchedAlignOptions;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.MalformedRoutingException;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Collections;
import java.util.List;
import java.util.function.BiConsumer;
import org.apache.arrow.memory.BufferAllocator;

/** Rows and results at the limits of a form or of 32 bits. */
final class LimitsContract {
    private final RoutingBackend backend;

    LimitsContract(RoutingBackend backend) {
        this.backend = backend;
    }

    private static void refused(Routing routing, BiConsumer<RoutingBatch, BufferAllocator> operator, String message) {
        routing.run((batch, allocator) -> assertThatThrownBy(() -> operator.accept(batch, allocator))
                .isInstanceOf(MalformedRoutingException.class)
                .hasMessage(message));
    }

    private static Routing rows(int numExperts, int[]... segments) {
        return new Routing("", IdType.INT32, numExperts, List.of(segments), 40);
    }

    void topkMustDivide() {
        EpPreprocessOptions options = new EpPreprocessOptions(IdOptions.of(8), EpForm.KMAJOR, 3, 0);
        refused(
                rows(8, new int[3], new int[7]),
                (batch, allocator) -> backend.epPreprocess(batch, options, allocator),
                "row 41: 7 ids are not a multiple of topk 3. Form 'kmajor' needs all slots of every token.");
    }

    void anExpertMustFitItsRows() {
        EpPreprocessOptions options = new EpPreprocessOptions(IdOptions.of(8), EpForm.PADDED, 0, 2);
        refused(
                rows(8, new int[] {1, 1}, new int[] {5, 0, 5, 5}),
                (batch, allocator) -> backend.epPreprocess(batch, options, allocator),
                "row 41: expert 5 has 3 ids, more than m_max 2. Raise m_max to the largest count.");
    }

    void batchedTokensMustBeInRange() {
        for (int bad : new int[] {-1, 6}) {
            refused(
                    rows(1, new int[] {0, 5}, new int[] {1, bad}),
                    (batch, allocator) -> backend.batchedAlign(batch, new BatchedAlignOptions(5, 4), allocator),
                    "row 41, position 1: expert_num_tokens " + bad
                            + " is outside [0, 5]. A batch holds at most max_tokens_per_batch tokens.");
        }
    }

    private static String tooLarge(int row, String what, long elements) {
        return "row " + row + ": " + what + " would have " + elements
                + " elements, more than the 2147483647 that a list can hold. Use fewer ids a row, a smaller "
                + "block_size, or moe_align_compact, which does not pad.";
    }

    void aRowMayNotPad2To31() {
        AlignOptions options = new AlignOptions(IdOptions.of(8), Integer.MAX_VALUE);
        refused(
                rows(8, new int[0], new int[] {0, 1}),
                (batch, allocator) -> backend.align(batch, options, allocator),
                tooLarge(41, "sorted_token_ids", 2L * Integer.MAX_VALUE));
        refused(
                rows(1, new int[] {1, 1, 0}),
                (batch, allocator) ->
                        backend.batchedAlign(batch, new BatchedAlignOptions(1, Integer.MAX_VALUE), allocator),
                tooLarge(40, "sorted_token_ids", 2L * Integer.MAX_VALUE));
        refused(
                rows(1, new int[] {0, 0}),
                (batch, allocator) ->
                        backend.batchedAlign(batch, new BatchedAlignOptions(Integer.MAX_VALUE, 1), allocator),
                tooLarge(40, "num_batches * max_tokens_per_batch", 2L * Integer.MAX_VALUE));
    }

    void aBatchMayNotPad2To31() {
        AlignOptions options = new AlignOptions(IdOptions.of(8), 1 << 30);
        refused(
                rows(8, new int[] {3}, new int[] {0}),
                (batch, allocator) -> backend.align(batch, options, allocator),
                tooLarge(41, "sorted_token_ids of the batch up to this row", 1L << 31));
    }

    void aBatchMayNotHave2To31Offsets() {
        List<int[]> empty = Collections.nCopies(40_000, new int[0]);
        Routing routing = new Routing("", IdType.INT32, IdOptions.MAX_EXPERTS, empty, 0);
        String found = " of the batch up to this row";
        refused(
                routing,
                (batch, allocator) ->
                        backend.alignCompact(batch, new CompactOptions(IdOptions.of(IdOptions.MAX_EXPERTS)), allocator),
                tooLarge(32_767, "expert_offsets" + found, 40_000L * (IdOptions.MAX_EXPERTS + 1)));
        refused(
                routing,
                (batch, allocator) -> backend.expertCounts(
                        batch, new CountsOptions(IdOptions.MAX_EXPERTS, InvalidPolicy.ERROR), allocator),
                tooLarge(32_768, "expert counts" + found, 40_000L * IdOptions.MAX_EXPERTS));
    }

    void mostExperts() {
        int[] ids = {65_534, 0, -1, 65_534, 40_000};
        IdOptions options = IdOptions.of(IdOptions.MAX_EXPERTS);
        for (IdType type : List.of(IdType.INT32, IdType.UINT16_MASKED)) {
            new Routing("", type, IdOptions.MAX_EXPERTS, List.of(ids), 0).run((batch, allocator) -> {
                try (CompactResult r = backend.alignCompact(batch, new CompactOptions(options), allocator)) {
                    assertThat(r.sortedIds().ints(0)).containsExactly(1, 4, 0, 3);
                    int[] offsets = r.expertOffsets().ints(0);
                    assertThat(offsets).hasSize(65_536);
                    assertThat(new int[] {offsets[0], offsets[1], offsets[40_000], offsets[40_001], offsets[65_534]})
                            .containsExactly(0, 1, 1, 2, 2);
                    assertThat(offsets[65_535]).isEqualTo(4);
                    assertThat(r.counts().masked()).isEqualTo(1);
                }
            });
        }
    }
}

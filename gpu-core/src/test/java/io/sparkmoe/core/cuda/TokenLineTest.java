package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.routing.IdType;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;

class TokenLineTest {
    private static void with(Consumer<MixedBatch> check, int... lengths) {
        try (BufferAllocator allocator = new RootAllocator();
                MixedBatch batch = MixedBatch.clean(1, IdType.INT32, allocator, lengths)) {
            check.accept(batch);
        }
    }

    @Test
    void tokensInTheOrderOfTheirSlotsNeedNoStarts() {
        with(
                b -> {
                    TokenLine line = TokenLine.of(b.batch(), new int[] {0, 0, 2, 2, 3}, 4, 2);
                    assertThat(line.starts()).isNull();
                    assertThat(line.tokens()).isEqualTo(7);
                    assertThat(line.runs()).containsExactly(0, 3, 0, 2, 3, 5, 2, 2, 5, 7, 3, 2);
                },
                2,
                4,
                4,
                0,
                4);
    }

    @Test
    void othersAreSortedBySlot() {
        with(
                b -> {
                    TokenLine line = TokenLine.of(b.batch().slice(1, 4), new int[] {1, 0, 1}, 2, 2);
                    assertThat(line.starts()).containsExactly(4, 0, 2, 6);
                    assertThat(line.runs()).containsExactly(0, 1, 0, 2, 1, 4, 1, 2);
                },
                8,
                4,
                2,
                2);
    }

    @Test
    void segmentsOfOneLengthAreTokensOfThatTopk() {
        with(
                b -> {
                    TokenLine line = TokenLine.of(b.batch(), new int[3], 1, Topk.OF_SEGMENT);
                    assertThat(line.starts()).isNull();
                    assertThat(line.topk()).isEqualTo(6);
                    assertThat(line.runs()).containsExactly(0, 2, 0, 6);
                },
                6,
                0,
                6);
    }

    @Test
    void segmentsOfSeveralLengthsAreSortedByLengthInsideASlot() {
        with(
                b -> {
                    TokenLine line = TokenLine.of(b.batch(), new int[] {1, 0, 0, 0}, 2, Topk.OF_SEGMENT);
                    assertThat(line.topk()).isZero();
                    assertThat(line.tokens()).isEqualTo(4);
                    assertThat(line.starts()).startsWith(8, 2, 5, 0);
                    assertThat(line.runs()).containsExactly(0, 1, 0, 1, 1, 3, 0, 3, 3, 4, 1, 2);
                },
                2,
                3,
                3,
                1);
    }

    @Test
    void whatTheKernelsDoNotTake() {
        with(b -> assertThat(TokenLine.fits(b.batch(), 2)).isFalse(), 4, 3);
        with(b -> assertThat(TokenLine.fits(b.batch(), Topk.OF_SEGMENT)).isFalse(), 4, 257);
        with(b -> assertThat(TokenLine.fits(b.batch(), Topk.OF_SEGMENT)).isTrue(), 4, 256, 0);
        with(b -> assertThat(TokenLine.fits(b.batch(), 1)).isTrue(), 4, 2570, 0);
    }
}

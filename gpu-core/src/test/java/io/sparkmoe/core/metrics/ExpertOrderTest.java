package io.sparkmoe.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExpertOrderTest {
    private static final long TOKENS = 10_000;

    /** Experts of one group (id modulo groups) are named together often, others seldom. */
    private static long[] grouped(int experts, int groups, Random random) {
        long[] counts = new long[experts * experts];
        for (int i = 0; i < experts; i++) {
            for (int j = 0; j <= i; j++) {
                long count = i == j ? 1_000 : (i % groups == j % groups ? 300 : 60) + random.nextInt(40);
                counts[i * experts + j] = count;
                counts[j * experts + i] = count;
            }
        }
        return counts;
    }

    @Test
    void groupsLieSideBySide() {
        for (int experts : new int[] {8, 60, 256}) {
            int groups = 4;
            int[] order = ExpertOrder.byCoactivation(grouped(experts, groups, new Random(experts)), experts, TOKENS, 1);
            assertThat(order)
                    .containsExactlyInAnyOrder(IntStream.range(0, experts).toArray());
            long changes = IntStream.range(1, experts)
                    .filter(at -> order[at] % groups != order[at - 1] % groups)
                    .count();
            assertThat(changes).as("changes of group along %s experts", experts).isEqualTo(groups - 1);
        }
    }

    @Test
    void aChainOfNeighboursComesInTurn() {
        int[] shuffled = {3, 0, 5, 1, 4, 2};
        long[] counts = new long[36];
        for (int i = 0; i < 6; i++) {
            counts[shuffled[i] * 7] = 1_000;
            for (int j = 0; j < 6; j++) {
                if (Math.abs(i - j) == 1) {
                    counts[shuffled[i] * 6 + shuffled[j]] = i / 2 == j / 2 ? 500 : 300;
                }
            }
        }
        int[] order = ExpertOrder.byCoactivation(counts, 6, TOKENS, 1);
        int[] reversed = IntStream.range(0, 6).map(i -> order[5 - i]).toArray();
        assertThat(order[0] == 3 ? order : reversed).containsExactly(shuffled);
    }

    @Test
    void tiesAndExpertsNeverNamedStayInOrder() {
        assertThat(ExpertOrder.byCoactivation(new long[9], 3, 0, 1)).containsExactly(0, 1, 2);
        long[] counts = {5, 0, 1, 0, 0, 0, 1, 0, 5};
        assertThat(ExpertOrder.byCoactivation(counts, 3, 10, 0.75)).containsExactly(0, 2, 1);
        assertThat(ExpertOrder.byCoactivation(new long[] {4}, 1, 4, 0)).containsExactly(0);
    }

    @Test
    void refusesCountsOfAnotherSize() {
        assertThatThrownBy(() -> ExpertOrder.byCoactivation(new long[8], 3, 1, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("an order of 3 experts needs 3 * 3 counts, got 8");
    }
}

package io.sparkmoe.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The figures of the analyses, worked by hand and by their identities. */
class AnalysisMetricsTest {
    @Test
    void coactivation() {
        assertThat(CoactivationMetrics.conditional(3, 4)).isEqualTo(0.75);
        assertThat(CoactivationMetrics.lift(3, 4, 6, 16)).isEqualTo(2.0);
        assertThat(CoactivationMetrics.olmoe(3, 12)).isEqualTo(0.25);
        assertThat(CoactivationMetrics.lift(0, 0, 3, 16)).isNull();
        assertThat(CoactivationMetrics.conditional(0, 0)).isNull();
        assertThat(CoactivationMetrics.olmoe(0, 0)).isNull();
        assertThat(CoactivationMetrics.uniformLift(1, 1)).isNull();
    }

    /** Random routing of 2 out of 4 has the lift that the formula says. */
    @Test
    void liftOfUniformRoutingIsItsBaseline() {
        Random random = new Random(3);
        long[][] counts = new long[4][4];
        int tokens = 200_000;
        for (int t = 0; t < tokens; t++) {
            int a = random.nextInt(4);
            int b = (a + 1 + random.nextInt(3)) % 4;
            counts[a][a]++;
            counts[b][b]++;
            counts[Math.min(a, b)][Math.max(a, b)]++;
        }
        Double baseline = CoactivationMetrics.uniformLift(4, 2);
        assertThat(baseline).isCloseTo(2.0 / 3, within(1e-12));
        for (int i = 0; i < 4; i++) {
            for (int j = i + 1; j < 4; j++) {
                assertThat(CoactivationMetrics.lift(counts[i][j], counts[i][i], counts[j][j], tokens))
                        .isCloseTo(baseline, within(0.02));
            }
        }
    }

    @Test
    void agreement() {
        assertThat(RoutingAgreement.saturation(12, 2, 8)).isEqualTo(0.75);
        assertThat(RoutingAgreement.jaccard(12, 20)).isEqualTo(0.6);
        assertThat(RoutingAgreement.mismatch(9, 12)).isEqualTo(0.25);
        assertThat(RoutingAgreement.saturation(0, 0, 8)).isNull();
        assertThat(RoutingAgreement.jaccard(0, 0)).isNull();
        assertThat(RoutingAgreement.mismatch(0, 0)).isNull();
    }

    @Test
    void cosine() {
        assertThat(RoutingAgreement.cosine(new long[] {3, 4}, new long[] {4, 3}))
                .isCloseTo(0.96, within(1e-12));
        assertThat(RoutingAgreement.cosine(new long[] {1, 2, 3}, new long[] {10, 20, 30}))
                .isCloseTo(1.0, within(1e-12))
                .isLessThanOrEqualTo(1.0);
        assertThat(RoutingAgreement.cosine(new long[] {1, 0}, new long[] {0, 1}))
                .isZero();
        assertThat(RoutingAgreement.cosine(new long[2], new long[] {0, 1})).isNull();
        // Squares of large counts pass 2^63.
        assertThat(RoutingAgreement.cosine(new long[] {1L << 40, 0}, new long[] {1L << 40, 0}))
                .isEqualTo(1.0);
        assertThatThrownBy(() -> RoutingAgreement.cosine(new long[2], new long[3]))
                .hasMessage("cosine needs counts of the same experts, got 2 and 3");
    }

    @Test
    void specialization() {
        assertThat(Specialization.ofExpert(1, 4)).isEqualTo(0.25);
        assertThat(Specialization.ofDomain(2, 4)).isEqualTo(0.5);
        assertThat(Specialization.ofExpert(0, 0)).isNull();
        assertThat(Specialization.ofDomain(0, 0)).isNull();
        Specialization vocabulary = new Specialization();
        assertThat(vocabulary.mean()).isNull();
        vocabulary.add(new long[] {9, 0});
        assertThat(vocabulary.ids()).isZero();
        vocabulary.add(new long[] {5, 5});
        vocabulary.add(new long[] {0, 20});
        assertThat(vocabulary.ids()).isEqualTo(2);
        assertThat(vocabulary.mean()).isEqualTo(0.75);
    }

    @Test
    void passes() {
        long[][] passes = {{3, 1}, {0, 0}, {2, 2}};
        assertThat(PassBalance.trtllm(passes)).isEqualTo(0.25);
        assertThat(PassBalance.maxVioOfBatches(passes)).isEqualTo(0.25);
        assertThat(PassBalance.trtllm(new long[][] {{0, 0}})).isNull();
        assertThat(PassBalance.meanOfLast(new double[] {9, 1, 3}, 2)).isEqualTo(2);
        assertThat(PassBalance.meanOfLast(new double[] {1, 3}, 10)).isEqualTo(2);
        assertThat(PassBalance.meanOfLast(new double[0], 10)).isNull();
        assertThatThrownBy(() -> PassBalance.meanOfLast(new double[1], 0)).hasMessage("last must be at least 1, got 0");
    }

    @Test
    void capacity() {
        assertThat(CapacityMetrics.dropped(3, 12)).isEqualTo(0.25);
        assertThat(CapacityMetrics.tokens(1, 4)).isEqualTo(0.25);
        assertThat(CapacityMetrics.idle(2, 10, 4, 4)).isEqualTo(0.5);
        assertThat(CapacityMetrics.dropped(0, 0)).isNull();
        assertThat(CapacityMetrics.tokens(0, 0)).isNull();
        assertThat(CapacityMetrics.idle(0, 0, 0, 4)).isNull();
    }
}

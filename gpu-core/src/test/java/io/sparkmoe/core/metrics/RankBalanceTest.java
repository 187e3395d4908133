package io.sparkmoe.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class RankBalanceTest {
    /** Two layers on three ranks; every figure below is worked by hand. */
    private static final long[][] LOADS = {{6, 3, 0}, {2, 2, 8}};

    @Test
    void loadsAreContiguousBlocks() {
        assertThat(RankBalance.loads(new long[] {1, 2, 3, 4, 5, 6}, 3)).containsExactly(3, 7, 11);
        assertThat(RankBalance.loads(new long[] {1, 2, 3}, 1)).containsExactly(6);
    }

    @Test
    void theThreeBalancednessesDiffer() {
        double sglang = ((3 + 1e-5) / (6 + 1e-5) + (4 + 1e-5) / (8 + 1e-5)) / 2;
        assertThat(RankBalance.sglangOverLayers(LOADS)).isCloseTo(sglang, within(1e-12));
        assertThat(RankBalance.vllmDocumented(LOADS)).isCloseTo((3.0 + 4.0) / (6 + 8), within(1e-12));
        assertThat(RankBalance.vllmAsShipped(LOADS)).isCloseTo((4.0 + 2.5 + 4.0) / (6 + 3 + 8), within(1e-12));
    }

    @Test
    void nothingRoutedIsNull() {
        assertThat(RankBalance.vllmDocumented(new long[2][3])).isNull();
        assertThat(RankBalance.vllmAsShipped(new long[2][3])).isNull();
        assertThat(RankBalance.sglangOverLayers(new long[2][3])).isEqualTo(1.0);
        assertThat(RankBalance.sglangOverLayers(new long[0][])).isNull();
        assertThat(RankBalance.vllmDocumented(new long[0][])).isNull();
        assertThat(RankBalance.vllmAsShipped(new long[0][])).isNull();
    }

    @Test
    void layersOfDifferentRanksAreRefused() {
        assertThatThrownBy(() -> RankBalance.vllmDocumented(new long[][] {{1, 2}, {1}}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("layer 1 has loads of 1 ranks, layer 0 of 2");
    }
}

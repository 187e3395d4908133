package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.cuda.driver.LaunchConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CountingShapesTest {
    private static final int SMS = 132;
    private static final int SHARED = 227 << 10;

    @ParameterizedTest
    @CsvSource({"1, 1", "8447, 1", "8448, 2", "10000, 2", "100000, 16", "1000000, 32", "2147483647, 32"})
    void warpTakesMoreSegmentsWhereThereAreMany(int segments, int span) {
        assertThat(CountingShapes.span(segments, SMS)).isEqualTo(span);
    }

    @Test
    void everySegmentHasAWarp() {
        for (int segments : new int[] {1, 7, 8, 9, 8448, 1_000_000, Integer.MAX_VALUE}) {
            int span = CountingShapes.span(segments, SMS);
            assertThat(segmentsOf(CountingShapes.countsRows(segments, 256, span), span))
                    .isGreaterThanOrEqualTo(segments);
            assertThat(segmentsOf(CountingShapes.paddingRows(segments, 256, 3, span), span))
                    .isGreaterThanOrEqualTo(segments);
            assertThat(segmentsOf(CountingShapes.paddingFinish(segments, 256, span), span))
                    .isGreaterThanOrEqualTo(segments);
            assertThat(segmentsOf(CountingShapes.listScan(segments), 1)).isGreaterThanOrEqualTo(segments);
        }
    }

    private static long segmentsOf(LaunchConfig config, int span) {
        return (long) config.gridX() * config.blockX() / 32 * span;
    }

    @Test
    void plainLaunchesNeedNoLeaveForTheirSharedMemory() {
        assertThat(CountingShapes.histogramBytes(1024)).isLessThanOrEqualTo(48 << 10);
        assertThat(CountingShapes.countsRows(1, 1024, 1).sharedBytes()).isLessThanOrEqualTo(48 << 10);
        assertThat(CountingShapes.paddingRows(1, 1024, CountingShapes.ROUND, 1).sharedBytes())
                .isLessThanOrEqualTo(48 << 10);
        assertThat(CountingShapes.paddingFinish(1, 1024, 1).sharedBytes()).isLessThanOrEqualTo(48 << 10);
    }

    @ParameterizedTest
    @CsvSource({
        "256, 1, 1",
        "256, 2, 2",
        "256, 58, 64",
        "256, 1000000, 128",
        "1024, 58, 32",
        "8, 58, 64",
        "1, 2147483647, 8192"
    })
    void cachesEverySlotWhereMemoryAllows(int experts, int slots, int cached) {
        assertThat(CountingShapes.cachedSlots(experts, slots, SHARED)).isEqualTo(cached);
        assertThat(CountingShapes.loadRowsShared(experts, cached)).isLessThanOrEqualTo(SHARED);
    }

    @Test
    void cachesNothingWhereOneSlotIsTooLarge() {
        assertThat(CountingShapes.cachedSlots(1024, 58, 28 << 10)).isZero();
        assertThat(CountingShapes.loadRowsShared(1024, 0)).isLessThanOrEqualTo(28 << 10);
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 1", "8192, 1, 2", "1000000, 60, 123", "62914560, 60, 264", "2147483647, 2147483647, 264"})
    void blocksShareABatchUpToThoseThatRunAtOnce(long ids, int segments, int blocks) {
        assertThat(CountingShapes.shares(ids, segments, 512, 0, 2 * SMS)).isEqualTo(LaunchConfig.of(blocks, 512, 0));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "3, 4", "16, 16", "31, 32", "32, 32", "128, 32", "2147483647, 32"})
    void teamIsTheNextPowerOfTwo(int blockSize, int team) {
        assertThat(CountingShapes.team(blockSize)).isEqualTo(team);
    }

    @Test
    void writersAreAFewWavesAtMost() {
        assertThat(CountingShapes.listWrite(1, SMS)).isEqualTo(LaunchConfig.of(1, 256, 0));
        assertThat(CountingShapes.listWrite(257, SMS)).isEqualTo(LaunchConfig.of(2, 256, 0));
        assertThat(CountingShapes.listWrite(32L * Integer.MAX_VALUE, SMS)).isEqualTo(LaunchConfig.of(16 * SMS, 256, 0));
        assertThat(CountingShapes.atMost(LaunchConfig.of(100, 128, 7), 33)).isEqualTo(LaunchConfig.of(33, 128, 7));
    }
}

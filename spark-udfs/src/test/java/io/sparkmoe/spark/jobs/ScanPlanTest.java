package io.sparkmoe.spark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.analysis.TransitionOptions;
import org.junit.jupiter.api.Test;

class ScanPlanTest {
    private static final long GIB = 1L << 30;

    @Test
    void whatFitsIsOneRead() {
        TraceShape shape = new TraceShape(64, 6, 16, 100 * GIB);
        ScanPlan plan = ScanPlan.of(new ScanRequest().coactivation().transitions(1), shape, 300 << 20, 16);
        assertThat(plan.reads()).isEqualTo(1);
        assertThat(plan.lines()).extracting(ScanPlan.Line::keys).containsExactly(16L, 16L, 15L);
        assertThat(plan.shuffleBytes(800)).isLessThan(GIB);
    }

    @Test
    void allLayerPairsOfALargeModelAreReadInParts() {
        TraceShape shape = new TraceShape(256, 8, 58, 1000 * GIB);
        ScanPlan plan = ScanPlan.of(new ScanRequest().transitions(TransitionOptions.ALL_PAIRS), shape, 100 << 20, 64);
        long state = 1653L * 4 * 256 * 256;
        assertThat(plan.lines().get(1).stateBytes()).isEqualTo(state);
        assertThat(plan.reads()).isEqualTo(5);
        assertThat(state / plan.reads()).isLessThan(100 << 20);
    }

    @Test
    void splitsGrowUntilPartialsAreATenthOfTheInput() {
        TraceShape shape = new TraceShape(1024, 8, 92, 20 * GIB);
        ScanPlan plan = ScanPlan.of(new ScanRequest().coactivation().transitions(1), shape, 2 * GIB, 4);
        long tasks = 20 * GIB / plan.splitBytes();
        assertThat(tasks).isGreaterThanOrEqualTo(4);
        assertThat(plan.shuffleBytes(tasks)).isLessThanOrEqualTo(2 * GIB + plan.shuffleBytes(1));
        assertThat(plan.splitBytes()).isGreaterThan(128 << 20);
    }

    @Test
    void whereNotEvenOneLayerFitsNothingIsEmittedEarly() {
        TraceShape shape = new TraceShape(8192, 8, 3, GIB);
        ScanPlan plan = ScanPlan.of(new ScanRequest().coactivation(), shape, 10 << 20, 2);
        assertThat(plan.reads()).isEqualTo(3);
        assertThat(plan.stateBytes()).isGreaterThan(4L * 8192 * 8192);
    }
}

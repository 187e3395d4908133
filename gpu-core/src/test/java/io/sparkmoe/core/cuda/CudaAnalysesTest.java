package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.analysis.LayerBlocks;
import io.sparkmoe.core.analysis.LayerPair;
import io.sparkmoe.core.analysis.Topk;
import io.sparkmoe.core.analysis.TransitionAccumulator;
import io.sparkmoe.core.analysis.TransitionOptions;
import io.sparkmoe.core.analysis.Triangle;
import io.sparkmoe.core.cpu.CpuRoutingBackend;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;
import io.sparkmoe.core.routing.DeviceActivity;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which analyses the device does and which it leaves to the CPU; shapes beyond the contract's, compared with the CPU. */
@RequiresGpu
class CudaAnalysesTest {
    private final BufferAllocator allocator = new RootAllocator();
    private final CpuRoutingBackend cpu = new CpuRoutingBackend();
    private CudaRoutingBackend backend;

    @BeforeEach
    void open() throws CudaUnavailableException {
        backend = CudaRoutingBackend.open(
                new DeviceSettings(null, 0.5, 2L << 30, 2, true, null), new CpuRoutingBackend());
    }

    @AfterEach
    void close() {
        assertThat(backend.usedDeviceBytes()).isZero();
        backend.close();
        cpu.close();
        allocator.close();
    }

    private long[][] coactivation(RoutingBackend by, RoutingBatch batch, CoactivationOptions options, int slots) {
        long[][] out = new long[slots][Triangle.size(options.numExperts())];
        try (CoactivationAccumulator sums = by.analyses().coactivation(options, allocator)) {
            sums.add(batch, Answers.slots(batch, slots), slots);
            for (int slot : IntStream.range(0, slots).map(i -> slots - 1 - i).toArray()) {
                sums.read(slot, out[slot]);
            }
        }
        return out;
    }

    private DeviceActivity sameCoactivation(RoutingBatch batch, CoactivationOptions options) {
        backend.takeActivity();
        assertThat(coactivation(backend, batch, options, 5)).isDeepEqualTo(coactivation(cpu, batch, options, 5));
        return backend.takeActivity();
    }

    private static CoactivationOptions tokens(int experts, int topk) {
        return new CoactivationOptions(experts, topk, CoactivationKind.TOKENS, InvalidPolicy.DROP);
    }

    /** Several windows of sums, and blocks that share a triangle. */
    @ParameterizedTest
    @CsvSource({"1024, 8", "1000, 6", "1024, 10", "512, 256"})
    void largeTrianglesAreTheDevices(int experts, int topk) {
        int[] lengths = IntStream.range(0, 40).map(s -> topk * (s * 37 % 50)).toArray();
        try (MixedBatch batch = MixedBatch.ofExperts(experts, 5, IdType.INT16, allocator, lengths)) {
            DeviceActivity activity = sameCoactivation(batch.batch(), tokens(experts, topk));
            assertThat(activity.deviceCalls()).isPositive();
            assertThat(activity.fallbacks()).isZero();
        }
    }

    @Test
    void whatTheKernelsDoNotTakeIsTheCpus() {
        try (MixedBatch batch = MixedBatch.of(5, IdType.INT32, allocator, 514, 257, 0, 257)) {
            for (CoactivationOptions options :
                    new CoactivationOptions[] {tokens(1025, 257), tokens(64, 257), tokens(64, Topk.OF_SEGMENT)}) {
                DeviceActivity activity = sameCoactivation(batch.batch(), options);
                assertThat(activity.fallbacks()).as("%s", options).isEqualTo(1);
                assertThat(activity.deviceCalls()).isZero();
            }
        }
    }

    /** By the product of bits: 4 layers, two lists of layers, two slots, more tokens than a chunk has. */
    @ParameterizedTest
    @CsvSource({"64, 0", "64, 1", "64, 3"})
    void transitionsOfManyTokens(int experts, int lag) {
        int[] lengths = IntStream.range(0, 24)
                .map(s -> s < 4 ? 8 * 150_000 : s < 12 ? 8 * 700 : 8 * 20)
                .toArray();
        int[] layers =
                IntStream.range(0, 24).map(s -> s < 12 ? s % 4 : 2 * (s % 4)).toArray();
        TransitionOptions options =
                new TransitionOptions(experts, 8, lag, TransitionOptions.Slots.ALL, 0, 1, InvalidPolicy.DROP);
        try (MixedBatch batch = MixedBatch.of(9, IdType.UINT8_MASKED, allocator, lengths);
                TransitionAccumulator mine = backend.analyses().transitions(options, allocator);
                TransitionAccumulator theirs = cpu.analyses().transitions(options, allocator)) {
            LayerBlocks blocks = new LayerBlocks(batch.batch(), new int[] {0, 4, 8, 12, 16, 20, 24}, layers, 0);
            int[] slots = {0, 1, 0, 1, 1, 0};
            mine.add(blocks, slots, 2);
            theirs.add(blocks, slots, 2);
            assertThat(mine.counts()).isEqualTo(theirs.counts());
            for (int slot = 0; slot < 2; slot++) {
                assertThat(mine.pairs(slot)).isEqualTo(theirs.pairs(slot));
                for (LayerPair pair : theirs.pairs(slot)) {
                    long[] a = new long[experts * experts];
                    long[] b = new long[experts * experts];
                    mine.read(slot, pair, a);
                    theirs.read(slot, pair, b);
                    assertThat(Arrays.equals(a, b)).as("slot %s %s", slot, pair).isTrue();
                }
            }
            assertThat(backend.takeActivity().fallbacks()).isZero();
        }
    }
}

package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.cpu.CpuRoutingBackend;
import io.sparkmoe.core.cuda.driver.AllocationGate;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;
import io.sparkmoe.core.routing.DeviceActivity;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.RoutingBatch;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** What happens without memory, at every place that takes some: the same answer, and nothing kept. */
@RequiresGpu
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OutOfMemoryTest {
    private static final int[] LENGTHS = MixedBatch.lengths(1);

    private CudaRoutingBackend backend;

    @BeforeAll
    void open() throws CudaUnavailableException {
        backend = CudaRoutingBackend.open(DeviceSettings.DEFAULTS, new CpuRoutingBackend());
    }

    @AfterEach
    void openGates() {
        backend.deviceMemory().gate(AllocationGate.OPEN);
        backend.pinnedMemory().gate(AllocationGate.OPEN);
    }

    @AfterAll
    void close() {
        backend.close();
    }

    /** Counts the takes, and how many it refused: the n-th, or all from there on. */
    private static final class Refusing implements AllocationGate {
        private final long from;
        private final long to;
        private final AtomicLong takes = new AtomicLong();

        Refusing(long from, long to) {
            this.from = from;
            this.to = to;
        }

        @Override
        public boolean admits(long bytes) {
            long take = takes.incrementAndGet();
            return take < from || take > to;
        }

        boolean refused() {
            return takes.get() >= from;
        }
    }

    private static void with(IdType type, int[] lengths, BiConsumer<RoutingBatch, BufferAllocator> check) {
        try (BufferAllocator allocator = new RootAllocator();
                MixedBatch batch = MixedBatch.of(7, type, allocator, lengths)) {
            check.accept(batch.batch(), allocator);
        }
    }

    /** Without ids to leave out: results are then fetched without a look at the tally. */
    private static void withClean(IdType type, int[] lengths, BiConsumer<RoutingBatch, BufferAllocator> check) {
        try (BufferAllocator allocator = new RootAllocator();
                MixedBatch batch = MixedBatch.clean(7, type, allocator, lengths)) {
            check.accept(batch.batch(), allocator);
        }
    }

    private static Map<String, Object> byCpu(Answers.Operator operator, RoutingBatch batch, BufferAllocator allocator) {
        try (CpuRoutingBackend cpu = new CpuRoutingBackend()) {
            return operator.over(cpu, batch, allocator);
        }
    }

    private static Stream<DynamicTest> each(BiConsumer<String, Answers.Operator> check) {
        return Answers.operators().entrySet().stream()
                .map(o -> DynamicTest.dynamicTest(o.getKey(), () -> check.accept(o.getKey(), o.getValue())));
    }

    @TestFactory
    Stream<DynamicTest> anyTakeOfDeviceMemoryMayFail() {
        return each((name, operator) -> {
            with(IdType.INT32, LENGTHS, (batch, allocator) -> failEach(name, operator, batch, allocator));
            withClean(IdType.UINT8, LENGTHS, (batch, allocator) -> failEach(name, operator, batch, allocator));
        });
    }

    private void failEach(String name, Answers.Operator operator, RoutingBatch batch, BufferAllocator allocator) {
        Map<String, Object> expected = byCpu(operator, batch, allocator);
        boolean accumulates = Answers.accumulators().containsKey(name);
        backend.takeActivity();
        long splits = 0;
        boolean more = true;
        for (int n = 1; more; n++) {
            Refusing gate = new Refusing(n, n);
            backend.deviceMemory().gate(gate);
            assertThat(operator.over(backend, batch, allocator))
                    .as("without take %s", n)
                    .isEqualTo(expected);
            more = gate.refused();
            DeviceActivity activity = backend.takeActivity();
            // Sums ask for ample room first.
            assertThat(activity.splits() + activity.fallbacks())
                    .as("without take %s", n)
                    .isBetween(more && !accumulates ? 1L : 0L, more ? 1L : 0L);
            splits += activity.splits();
            assertThat(backend.deviceMemory().used()).isZero();
        }
        assertThat(splits).isPositive();
    }

    /** A batch that flows in slices, each of which may find no memory. */
    @TestFactory
    Stream<DynamicTest> anyTakeOfASliceMayFail() {
        int[] lengths = IntStream.range(0, 301).map(s -> 8_000 + s % 3 * 80).toArray();
        return Answers.operators().entrySet().stream()
                .filter(o -> o.getKey().startsWith("alignCompact") || o.getKey().startsWith("epPreprocess"))
                .map(o -> DynamicTest.dynamicTest(
                        o.getKey(),
                        () -> withClean(IdType.INT32, lengths, (batch, allocator) -> {
                            failEach(o.getKey(), o.getValue(), batch, allocator);
                            assertThat(backend.pinnedMemory().peak()).isGreaterThan(8 << 20);
                        })));
    }

    @TestFactory
    Stream<DynamicTest> deviceMemoryMayBeUsedUpForGood() {
        return each((name, operator) -> with(IdType.UINT8_MASKED, LENGTHS, (batch, allocator) -> {
            Map<String, Object> expected = byCpu(operator, batch, allocator);
            for (int from : new int[] {1, 3}) {
                backend.takeActivity();
                backend.deviceMemory().gate(new Refusing(from, Long.MAX_VALUE));
                assertThat(operator.over(backend, batch, allocator)).isEqualTo(expected);
                assertThat(backend.takeActivity().fallbacks()).isPositive();
                assertThat(backend.deviceMemory().used()).isZero();
            }
        }));
    }

    @TestFactory
    Stream<DynamicTest> anyTakeOfPinnedMemoryMayFail() {
        return each((name, operator) -> withClean(IdType.INT16, LENGTHS, (batch, allocator) -> {
            Map<String, Object> expected = byCpu(operator, batch, allocator);
            operator.over(backend, batch, allocator);
            backend.takeActivity();
            long lanes = backend.pinnedMemory().used();
            boolean more = true;
            for (int n = 1; more; n++) {
                Refusing gate = new Refusing(n, n);
                backend.pinnedMemory().gate(gate);
                assertThat(operator.over(backend, batch, allocator)).isEqualTo(expected);
                more = gate.refused();
                assertThat(backend.pinnedMemory().used()).isEqualTo(lanes);
            }
            DeviceActivity activity = backend.takeActivity();
            assertThat(activity.splits() + activity.fallbacks()).isZero();
        }));
    }

    @Test
    void aBackendWithoutPinnedMemoryAnswersToo() throws CudaUnavailableException {
        DeviceSettings none = new DeviceSettings(null, 0.5, 0, 1, false, null);
        try (CudaRoutingBackend other = CudaRoutingBackend.open(none, new CpuRoutingBackend())) {
            with(
                    IdType.INT32,
                    LENGTHS,
                    (batch, allocator) -> Answers.operators()
                            .forEach((name, operator) -> assertThat(operator.over(other, batch, allocator))
                                    .as(name)
                                    .isEqualTo(byCpu(operator, batch, allocator))));
            assertThat(other.pinnedMemory().peak()).isZero();
        }
    }

    /** The batch has to be cut, and its largest segments go to the CPU. */
    @Test
    void aBatchLargerThanTheDevice() throws CudaUnavailableException {
        int[] lengths =
                IntStream.range(0, 300).map(s -> s % 50 == 0 ? 200_000 : 800).toArray();
        try (CudaRoutingBackend small =
                CudaRoutingBackend.withDeviceBytes(700_000, DeviceSettings.DEFAULTS, new CpuRoutingBackend())) {
            with(
                    IdType.INT32,
                    lengths,
                    (batch, allocator) -> Answers.operators().forEach((name, operator) -> {
                        assertThat(operator.over(small, batch, allocator))
                                .as(name)
                                .isEqualTo(byCpu(operator, batch, allocator));
                        DeviceActivity activity = small.takeActivity();
                        assertThat(activity.splits()).as(name).isPositive();
                        assertThat(activity.fallbacks()).as(name).isPositive();
                        assertThat(activity.deviceCalls()).as(name).isPositive();
                        assertThat(small.deviceMemory().used()).isZero();
                    }));
            assertThat(small.deviceMemory().peak()).isPositive().isLessThanOrEqualTo(700_000);
        }
    }

    @Test
    void sumsThatDoNotFitAreSummedByTheCpu() throws CudaUnavailableException {
        try (CudaRoutingBackend tiny =
                CudaRoutingBackend.withDeviceBytes(256, DeviceSettings.DEFAULTS, new CpuRoutingBackend())) {
            with(
                    IdType.INT32,
                    LENGTHS,
                    (batch, allocator) -> Answers.accumulators().forEach((name, operator) -> {
                        assertThat(operator.over(tiny, batch, allocator)).isEqualTo(byCpu(operator, batch, allocator));
                        DeviceActivity activity = tiny.takeActivity();
                        assertThat(activity.fallbacks()).as(name).isEqualTo(2);
                        assertThat(activity.splits()).isZero();
                    }));
        }
    }
}

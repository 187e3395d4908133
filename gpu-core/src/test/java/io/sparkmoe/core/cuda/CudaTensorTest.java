package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.cpu.CpuRoutingBackend;
import io.sparkmoe.core.cuda.driver.AllocationGate;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;
import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.routing.DeviceActivity;
import io.sparkmoe.core.routing.DeviceSettings;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Where results of the reorder operators lie, what moves, and what happens without memory. */
@RequiresGpu
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CudaTensorTest {
    private static final int[] TOKENS = {70, 0, 1, 333, 12, 64};
    private static final int ALL_TOKENS = 480;

    private final CpuRoutingBackend cpu = new CpuRoutingBackend();
    private CudaRoutingBackend backend;

    @BeforeAll
    void open() throws CudaUnavailableException {
        backend = CudaRoutingBackend.open(DeviceSettings.DEFAULTS, new CpuRoutingBackend());
    }

    @AfterAll
    void close() {
        backend.close();
        cpu.close();
    }

    private static Activations onHost(Activations a) {
        return ((TensorResult) a).host();
    }

    @Test
    void resultsThatAreOperandsDoNotMove() {
        try (BufferAllocator allocator = new RootAllocator();
                ReorderChain chain = new ReorderChain(allocator, TOKENS)) {
            byte[] expected = chain.run(cpu.reorder(), a -> a);
            backend.takeActivity();
            assertThat(chain.run(backend.reorder(), a -> a)).isEqualTo(expected);
            DeviceActivity direct = backend.takeActivity();
            assertThat(chain.run(backend.reorder(), CudaTensorTest::onHost)).isEqualTo(expected);
            DeviceActivity detour = backend.takeActivity();

            long rows = (long) ALL_TOKENS * ReorderChain.TOPK;
            long between = rows * ReorderChain.HIDDEN * 2 + rows * ReorderChain.HIDDEN;
            assertThat(detour.bytesToDevice() - direct.bytesToDevice()).isEqualTo(between);
            assertThat(detour.bytesFromDevice() - direct.bytesFromDevice()).isEqualTo(between);
            assertThat(direct.deviceCalls()).isEqualTo(3);
            assertThat(direct.fallbacks() + direct.splits()).isZero();
            assertThat(backend.deviceMemory().used()).isZero();
        }
    }

    @Test
    void aResultIsResidentUntilItIsRead() {
        try (BufferAllocator allocator = new RootAllocator();
                ReorderChain chain = new ReorderChain(allocator, TOKENS)) {
            TensorResult result = chain.pre(backend.reorder());
            assertThat(result.resident()).isTrue();
            assertThat(backend.deviceMemory().used()).isPositive();
            result.host();
            assertThat(result.resident()).isFalse();
            result.close();
            assertThat(backend.deviceMemory().used()).isZero();
        }
    }

    @Test
    void anyTakeOfDeviceMemoryMayFail() {
        try (BufferAllocator allocator = new RootAllocator();
                ReorderChain chain = new ReorderChain(allocator, TOKENS)) {
            Map<String, List<Byte>> expected = chain.answers(cpu.reorder());
            backend.takeActivity();
            boolean more = true;
            for (int n = 1; more; n++) {
                int nth = n;
                AtomicLong takes = new AtomicLong();
                backend.deviceMemory().gate(bytes -> takes.incrementAndGet() != nth);
                assertThat(chain.answers(backend.reorder()))
                        .as("without take %s", n)
                        .isEqualTo(expected);
                more = takes.get() >= n;
                DeviceActivity activity = backend.takeActivity();
                assertThat(activity.splits()).as("without take %s", n).isEqualTo(more ? 1 : 0);
                assertThat(activity.fallbacks()).isZero();
                assertThat(backend.deviceMemory().used()).isZero();
            }
        } finally {
            backend.deviceMemory().gate(AllocationGate.OPEN);
        }
    }

    /** The segment of 333 tokens does not fit with its result: the CPU takes it. */
    @Test
    void aBatchLargerThanTheDevice() throws CudaUnavailableException {
        try (CudaRoutingBackend small =
                        CudaRoutingBackend.withDeviceBytes(400_000, DeviceSettings.DEFAULTS, new CpuRoutingBackend());
                BufferAllocator allocator = new RootAllocator();
                ReorderChain chain = new ReorderChain(allocator, TOKENS)) {
            assertThat(chain.answers(small.reorder())).isEqualTo(chain.answers(cpu.reorder()));
            DeviceActivity activity = small.takeActivity();
            assertThat(activity.splits()).isPositive();
            assertThat(activity.fallbacks()).isPositive();
            assertThat(activity.deviceCalls()).isPositive();
            assertThat(small.deviceMemory().used()).isZero();
        }
    }

    @Test
    void aBackendReadsAnothersResults() throws CudaUnavailableException {
        try (CudaRoutingBackend other = CudaRoutingBackend.open(
                        new DeviceSettings(null, 0.1, 1L << 20, 1, false, null), new CpuRoutingBackend());
                BufferAllocator allocator = new RootAllocator();
                ReorderChain chain = new ReorderChain(allocator, TOKENS);
                TensorResult gateup = chain.pre(other.reorder());
                TensorResult down = chain.silu(backend.reorder(), gateup);
                TensorResult expected = chain.silu(cpu.reorder(), gateup)) {
            assertThat(ReorderChain.bytes(down)).isEqualTo(ReorderChain.bytes(expected));
        }
    }
}

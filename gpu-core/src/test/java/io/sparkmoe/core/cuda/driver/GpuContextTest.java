package io.sparkmoe.core.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.cuda.RequiresGpu;
import java.nio.file.Path;
import org.apache.arrow.memory.util.MemoryUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresGpu
class GpuContextTest {
    private static CudaContext open() throws CudaUnavailableException {
        return CudaContext.open(CudaDriver.load().device(0));
    }

    @Test
    void devicesAreDescribed() throws CudaUnavailableException {
        CudaDriver driver = CudaDriver.load();
        assertThat(driver.version()).isGreaterThanOrEqualTo(12_000);
        assertThat(driver.devices()).isNotEmpty().allSatisfy(d -> {
            assertThat(d.name()).isNotBlank();
            assertThat(d.uuid()).matches("GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
            assertThat(d.pciBusId()).matches("[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\\.\\d");
            assertThat(d.atLeast(7, 5)).isTrue();
            assertThat(d.multiprocessors()).isPositive();
            assertThat(d.totalMemory()).isGreaterThan(1L << 30);
            assertThat(d.maxSharedBytesPerBlock()).isGreaterThanOrEqualTo(48 << 10);
            assertThat(driver.device(d.uuid())).isSameAs(d);
            assertThat(driver.device(d.ordinal())).isSameAs(d);
        });
        assertThat(driver.devices()).contains(driver.device("0"));
        assertThatThrownBy(() -> driver.device(999)).hasMessageContaining("CUDA ordinal 999 is none of the devices");
    }

    @Test
    void closingNamesWhatStayedOpenAndClosesIt() throws CudaUnavailableException {
        CudaContext context = open();
        CudaModule module = TestKernels.load(context);
        CudaStream stream = context.newStream();
        CudaEvent event = context.newEvent(false);
        context.allocate(12_345);
        assertThatThrownBy(context::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("was closed while these were open: ")
                .hasMessageContaining(event.toString())
                .hasMessageContaining("module driver_test")
                .hasMessageContaining(stream.toString())
                .hasMessageContaining("1 device allocations of 12345 bytes in all (12345 at 0x");
        module.close();
        stream.close();
        event.close();
        context.close();
        assertThatThrownBy(context::newStream).hasMessageEndingWith("is closed");
    }

    @Test
    void pinnedMemoryOutlivesAContextClosedTooEarly() throws CudaUnavailableException {
        CudaContext context = open();
        long host = context.allocatePinned(4_096);
        MemoryUtil.putByte(host, (byte) 42);
        assertThatThrownBy(context::close).hasMessageContaining("1 pinned host allocations of 4096 bytes in all");
        assertThat(MemoryUtil.getByte(host)).isEqualTo((byte) 42);
        context.freePinned(host);
        try (CudaContext next = open()) {
            assertThat(next.freeMemory()).isPositive();
        }
    }

    @Test
    void contextsFollowEachOtherInOneThread() throws CudaUnavailableException {
        for (int i = 0; i < 3; i++) {
            try (CudaContext context = open();
                    CudaModule module = TestKernels.load(context);
                    CudaStream stream = context.newStream()) {
                stream.launch(module.function("spin"), LaunchConfig.of(1, 1, 0), new KernelArguments().i64(1));
                stream.synchronize();
            }
        }
    }

    @Test
    void twoContextsOfADeviceShareIt() throws CudaUnavailableException {
        try (CudaContext outer = open()) {
            long block = outer.allocate(4_096);
            open().close();
            try (CudaStream stream = outer.newStream()) {
                stream.fill(block, (byte) 1, 4_096);
                stream.synchronize();
            }
            outer.free(block);
        }
    }

    /** In a process of its own: an illegal address costs a process its GPU. */
    @Test
    void anIllegalAddressEndsTheContextWithAReason(@TempDir Path folder) {
        ChildJvm.Result result = ChildJvm.start(folder, BreakContext.class).result();
        assertThat(result.exitCode()).as(result.output()).isZero();
        assertThat(result.output())
                .contains("sticky: true")
                .contains("dead: true")
                .contains("reason: cuStreamSynchronize failed: CUDA_ERROR_ILLEGAL_ADDRESS (700, ")
                .contains("last launch illegal_address<<<(1, 1), 1, 0>>>")
                .contains("next: true")
                .contains("closed");
    }
}

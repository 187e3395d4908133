package io.sparkmoe.core.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.cuda.RequiresGpu;
import java.util.stream.IntStream;
import org.apache.arrow.memory.util.MemoryUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@RequiresGpu
class GpuMemoryTest {
    private static final int MIB = 1 << 20;

    private CudaContext context;

    @BeforeEach
    void open() throws CudaUnavailableException {
        context = CudaContext.open(CudaDriver.load().device(0));
    }

    @AfterEach
    void close() {
        context.close();
    }

    private static byte get(long host) {
        return MemoryUtil.getByte(host);
    }

    @Test
    void copiesGoThereAndBack() {
        try (DeviceMemoryPool device = new DeviceMemoryPool(context, 64 * MIB);
                PinnedMemoryPool pinned = new PinnedMemoryPool(context, 64 * MIB);
                CudaStream stream = context.newStream();
                DeviceBlock there = device.take(MIB);
                PinnedBlock from = pinned.take(MIB);
                PinnedBlock to = pinned.take(MIB)) {
            IntStream.range(0, MIB).forEach(i -> MemoryUtil.putByte(from.address() + i, (byte) (i * 31)));
            stream.copyToDevice(there.address(), from.address(), MIB);
            stream.fill(there.address() + 100, (byte) -1, 50);
            stream.copyToHost(to.address(), there.address(), MIB);
            stream.copyToHost(0, 0, 0);
            stream.synchronize();
            assertThat(IntStream.range(0, MIB)
                            .allMatch(i -> get(to.address() + i) == (i >= 100 && i < 150 ? -1 : (byte) (i * 31))))
                    .isTrue();
        }
    }

    @Test
    void eventsOrderStreamsAndMeasure() {
        long ticks = 20_000_000;
        try (CudaModule module = TestKernels.load(context);
                CudaStream first = context.newStream();
                CudaStream second = context.newStream();
                CudaEvent start = context.newEvent(true);
                CudaEvent end = context.newEvent(true);
                CudaEvent after = context.newEvent(false)) {
            first.record(start);
            first.launch(module.function("spin"), LaunchConfig.of(1, 1, 0), new KernelArguments().i64(ticks));
            first.record(end);
            second.waitFor(end);
            second.record(after);
            assertThat(first.idle()).isFalse();
            assertThat(after.done()).isFalse();
            after.synchronize();
            assertThat(end.done()).isTrue();
            assertThat(first.idle()).isTrue();
            // No GPU ticks faster than 10 GHz.
            assertThat(end.millisecondsSince(start)).isGreaterThan(2f);
            assertThatThrownBy(() -> after.millisecondsSince(start)).hasMessageContaining("must be timed");
        }
    }

    @Test
    void moreThanTheDeviceHasIsOutOfMemoryAndHarmsNothing() {
        long tooMuch = context.device().totalMemory() + MIB;
        assertThatThrownBy(() -> context.allocate(tooMuch))
                .isInstanceOfSatisfying(OutOfDeviceMemoryException.class, e -> {
                    assertThat(e.call()).isEqualTo("cuMemAlloc");
                    assertThat(e.sticky()).isFalse();
                })
                .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY (2, out of memory)")
                .hasMessageContaining(tooMuch + " bytes");
        try (DeviceMemoryPool pool = new DeviceMemoryPool(context, Long.MAX_VALUE)) {
            pool.take(MIB).close();
            assertThatThrownBy(() -> pool.take(tooMuch)).isInstanceOf(OutOfDeviceMemoryException.class);
            assertThat(pool.idle()).isZero();
            pool.take(MIB).close();
        }
        assertThat(context.dead()).isFalse();
    }

    @Test
    void badSizesAndAddressesAreRefused() {
        assertThatThrownBy(() -> context.allocate(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> context.allocatePinned(1L << 31)).hasMessageContaining("1 to 2147483647 bytes");
        assertThatThrownBy(() -> context.free(4_096)).hasMessage("0x1000 is not an open allocation");
    }

    @Test
    void everyThreadMayUseTheContext() {
        try (CudaModule module = TestKernels.load(context);
                DeviceMemoryPool device = new DeviceMemoryPool(context, 64 * MIB);
                PinnedMemoryPool pinned = new PinnedMemoryPool(context, 64 * MIB)) {
            assertThat(IntStream.range(0, 64).parallel().filter(i -> !rampIsRight(i, module, device, pinned)))
                    .isEmpty();
            assertThat(device.used()).isZero();
            assertThat(device.peak()).isGreaterThanOrEqualTo(MIB);
        }
    }

    private boolean rampIsRight(int start, CudaModule module, DeviceMemoryPool device, PinnedMemoryPool pinned) {
        int n = MIB / 4;
        try (CudaStream stream = context.newStream();
                DeviceBlock block = device.take(MIB);
                PinnedBlock host = pinned.take(MIB)) {
            stream.launch(
                    module.function("ramp"),
                    LaunchConfig.of(64, 256, 0),
                    new KernelArguments().address(block.address()).i32(start).i64(n));
            stream.copyToHost(host.address(), block.address(), MIB);
            stream.synchronize();
            return IntStream.range(0, n).allMatch(i -> MemoryUtil.getInt(host.address() + 4L * i) == start + i);
        }
    }

    @Test
    void freeMemoryFollowsAllocations() {
        long before = context.freeMemory();
        long block = context.allocate(1L << 30);
        assertThat(context.freeMemory()).isLessThanOrEqualTo(before - (1L << 29));
        context.free(block);
    }
}

package io.sparkmoe.core.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.cuda.RequiresGpu;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.apache.arrow.memory.util.MemoryUtil;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@RequiresGpu
class GpuLaunchTest {
    private static final int N = 100_000;

    private CudaContext context;
    private CudaStream stream;
    private CudaModule module;
    private long ints;

    @BeforeEach
    void open() throws CudaUnavailableException {
        context = CudaContext.open(CudaDriver.load().device(0));
        stream = context.newStream();
        module = TestKernels.load(context);
        ints = context.allocate(4L * N);
    }

    /** The context's own check is what proves that nothing else stayed open. */
    @AfterEach
    void close() {
        context.free(ints);
        module.close();
        stream.close();
        context.close();
    }

    private static ByteBuffer direct(int count) {
        return ByteBuffer.allocateDirect(4 * count).order(ByteOrder.nativeOrder());
    }

    private int[] read(long address, int count) {
        ByteBuffer host = direct(count);
        stream.copyToHost(MemoryUtil.getByteBufferAddress(host), address, 4L * count);
        stream.synchronize();
        int[] out = new int[count];
        host.asIntBuffer().get(out);
        return out;
    }

    private void ramp(int start) {
        stream.launch(
                module.function("ramp"),
                LaunchConfig.of(40, 128, 0),
                new KernelArguments().address(ints).i32(start).i64(N));
    }

    @Test
    void argumentsArriveInOrder() {
        ramp(-5);
        assertThat(read(ints, N)).isEqualTo(IntStream.range(-5, N - 5).toArray());
    }

    @Test
    void argumentsMayBeReusedAtOnce() {
        KernelArguments arguments = new KernelArguments();
        CudaFunction ramp = module.function("ramp");
        for (int i = 0; i < 1_000; i++) {
            arguments.reset().address(ints + 4L * i).i32(10 * i).i64(1);
            stream.launch(ramp, LaunchConfig.of(1, 32, 0), arguments);
        }
        assertThat(read(ints, 1_000))
                .isEqualTo(IntStream.range(0, 1_000).map(i -> 10 * i).toArray());
    }

    @Test
    void aKernelMayUseMostOfTheSharedMemory() {
        int n = context.device().maxSharedBytesPerBlock() / 4;
        CudaFunction reverse = module.function("reverse");
        reverse.allowSharedBytes(4 * n);
        assertThat(reverse.blocksPerMultiprocessor(256, 4 * n)).isEqualTo(1);
        ramp(0);
        long out = context.allocate(4L * n);
        stream.launch(
                reverse,
                LaunchConfig.of(1, 256, 4 * n),
                new KernelArguments().address(out).address(ints).i32(n));
        assertThat(read(out, n))
                .isEqualTo(IntStream.range(0, n).map(i -> n - 1 - i).toArray());
        context.free(out);
    }

    @Test
    void aLaunchThatDoesNotFitNamesKernelAndShapeAndHarmsNothing() {
        int tooMuch = context.device().maxSharedBytesPerBlock() + 1_024;
        assertThatThrownBy(() -> stream.launch(
                        module.function("reverse"),
                        LaunchConfig.of(1, 256, tooMuch),
                        new KernelArguments().address(0).address(0).i32(0)))
                .isInstanceOfSatisfying(CudaException.class, e -> {
                    assertThat(e.call()).isEqualTo("cuLaunchKernel");
                    assertThat(e.code()).isEqualTo(1);
                    assertThat(e.sticky()).isFalse();
                })
                .hasMessageContaining("CUDA_ERROR_INVALID_VALUE (1, invalid argument)")
                .hasMessageContaining("reverse<<<(1, 1), 256, " + tooMuch + ">>>");
        assertThat(context.dead()).isFalse();
        ramp(1);
        assertThat(read(ints, 1)).containsExactly(1);
    }

    @Test
    void aFunctionTellsWhatItNeeds() {
        CudaFunction ramp = module.function("ramp");
        assertThat(ramp).hasToString("ramp");
        assertThat(ramp.registers()).isBetween(8, 255);
        assertThat(ramp.localBytes()).isZero();
        assertThat(ramp.staticSharedBytes()).isZero();
        assertThat(ramp.maxThreads()).isEqualTo(1_024);
    }

    @Test
    void globalsAreReached() {
        ByteBuffer seven = direct(1).putInt(0, 7);
        stream.copyToDevice(module.global("scale"), MemoryUtil.getByteBufferAddress(seven), 4);
        ramp(0);
        stream.launch(
                module.function("bump"),
                LaunchConfig.of(8, 128, 0),
                new KernelArguments().address(ints).i64(N));
        assertThat(read(ints, 3)).containsExactly(7, 8, 9);
    }

    @Test
    void aGraphRepeatsWhatWasCaptured() {
        ramp(0);
        CudaFunction bump = module.function("bump");
        KernelArguments arguments = new KernelArguments().address(ints).i64(N);
        try (CudaGraph graph = stream.capture(() -> {
            stream.launch(bump, LaunchConfig.of(8, 128, 0), arguments);
            stream.launch(bump, LaunchConfig.of(8, 128, 0), arguments);
        })) {
            assertThat(read(ints, 2)).as("capturing runs nothing").containsExactly(0, 1);
            graph.launch(stream);
            graph.launch(stream);
            assertThat(read(ints, 2)).containsExactly(12, 13);
        }
    }

    @Test
    void aCaptureThatFailsLeavesTheStreamUsable() {
        assertThatThrownBy(() -> stream.capture(() -> {
                    throw new IllegalArgumentException("not this");
                }))
                .hasMessage("not this");
        assertThatThrownBy(() -> stream.capture(stream::synchronize)).isInstanceOf(CudaException.class);
        ramp(4);
        assertThat(read(ints, 1)).containsExactly(4);
    }

    @Test
    void badPtxComesWithTheCompilersLog() {
        String ptx = ".version 8.0\n.target sm_75\n.address_size 64\n.visible .entry k() { no_such_instruction; }\n";
        assertThatThrownBy(() -> context.loadModule("broken", ptx.getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(CudaException.class)
                .hasMessageStartingWith("cuModuleLoadDataEx failed: CUDA_ERROR_INVALID_PTX (218, ")
                .hasMessageContaining("module broken; compiler log: ")
                .hasMessageContaining("no_such_instruction");
    }

    @Test
    void aNameThatTheModuleLacksIsNamed() {
        assertThatThrownBy(() -> module.function("nothing"))
                .hasMessageContaining("CUDA_ERROR_NOT_FOUND")
                .hasMessageEndingWith("kernel nothing of module driver_test");
        assertThatThrownBy(() -> module.global("nothing")).hasMessageEndingWith("global nothing of module driver_test");
    }
}

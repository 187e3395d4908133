package io.sparkmoe.core.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.cpu.CpuRoutingBackend;
import io.sparkmoe.core.cuda.driver.AllocationGate;
import io.sparkmoe.core.cuda.driver.CudaUnavailableException;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many threads and one backend; what is left when a thread is killed or the backend is closed under it. */
@RequiresGpu
class ConcurrencyTest {
    private static final CompactOptions COMPACT =
            new CompactOptions(IdOptions.of(Answers.EXPERTS).withInvalid(InvalidPolicy.DROP));

    private static CudaRoutingBackend open(int concurrent) throws CudaUnavailableException {
        DeviceSettings settings = new DeviceSettings(null, 0.1, 1L << 30, concurrent, false, null);
        return CudaRoutingBackend.open(settings, new CpuRoutingBackend());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void threadsGetWhatTheCpuGives(int concurrent) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (CudaRoutingBackend backend = open(concurrent);
                BufferAllocator allocator = new RootAllocator()) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                int seed = t;
                all.add(threads.submit(() -> allOperators(backend, allocator, seed)));
            }
            for (Future<?> f : all) {
                f.get();
            }
            assertThat(backend.deviceMemory().used()).isZero();
            assertThat(allocator.getAllocatedMemory()).isZero();
        } finally {
            threads.shutdownNow();
        }
    }

    private static void allOperators(CudaRoutingBackend backend, BufferAllocator allocator, int seed) {
        List<Map.Entry<String, Answers.Operator>> operators =
                new ArrayList<>(Answers.operators().entrySet());
        Random random = new Random(seed);
        try (CpuRoutingBackend cpu = new CpuRoutingBackend()) {
            for (int round = 0; round < 2; round++) {
                Collections.shuffle(operators, random);
                IdType type = IdType.values()[random.nextInt(IdType.values().length)];
                try (MixedBatch batch = MixedBatch.of(seed, type, allocator, MixedBatch.lengths(random.nextInt()))) {
                    operators.forEach(o -> assertThat(o.getValue().over(backend, batch.batch(), allocator))
                            .as("seed %s, %s, %s", seed, type, o.getKey())
                            .isEqualTo(o.getValue().over(cpu, batch.batch(), allocator)));
                }
            }
        }
    }

    /** Lets one call take device memory, and holds it there with its permit until told to go on. */
    private static final class Hold implements AllocationGate {
        private final CountDownLatch held = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);

        @Override
        public boolean admits(long bytes) {
            held.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return true;
        }
    }

    private static Thread waiting(Runnable call) {
        Thread thread = new Thread(call);
        thread.start();
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        return thread;
    }

    private static Map<String, Object> compact(CudaRoutingBackend backend, BufferAllocator allocator) {
        try (MixedBatch batch = MixedBatch.clean(1, IdType.INT32, allocator, 64, 8)) {
            return Answers.compact(backend.alignCompact(batch.batch(), COMPACT, allocator));
        }
    }

    @Test
    void aThreadKilledWhileItWaitsLeavesNothingBehind() throws Exception {
        Hold hold = new Hold();
        try (CudaRoutingBackend backend = open(1);
                BufferAllocator allocator = new RootAllocator()) {
            backend.deviceMemory().gate(hold);
            CompletableFuture<Map<String, Object>> first =
                    CompletableFuture.supplyAsync(() -> compact(backend, allocator));
            hold.held.await();
            AtomicReference<Throwable> seen = new AtomicReference<>();
            AtomicReference<Boolean> flag = new AtomicReference<>();
            Thread second = waiting(() -> {
                try {
                    compact(backend, allocator);
                } catch (CancelledCallException e) {
                    seen.set(e);
                    flag.set(Thread.currentThread().isInterrupted());
                }
            });
            second.interrupt();
            second.join();
            assertThat(seen.get()).hasMessage("interrupted while waiting for the GPU");
            assertThat(flag.get()).isTrue();
            hold.goOn.countDown();
            Map<String, Object> answer = first.get();
            assertThat(compact(backend, allocator)).isEqualTo(answer);
            assertThat(backend.deviceMemory().used()).isZero();
        }
    }

    @Test
    void closingWaitsForTheCallThatRunsAndRefusesTheNext() throws Exception {
        Hold hold = new Hold();
        CudaRoutingBackend backend = open(1);
        try (BufferAllocator allocator = new RootAllocator()) {
            backend.deviceMemory().gate(hold);
            CompletableFuture<Map<String, Object>> first =
                    CompletableFuture.supplyAsync(() -> compact(backend, allocator));
            hold.held.await();
            Thread closing = waiting(backend::close);
            hold.goOn.countDown();
            closing.join();
            assertThat(first.get()).containsKey("sorted");
            assertThatThrownBy(() -> compact(backend, allocator)).hasMessage("the CUDA backend is closed");
            backend.close();
        }
    }

    @Test
    void whatOutlivesTheBackendIsNamedAndStaysUsable() throws Exception {
        CudaRoutingBackend backend = open(1);
        try (BufferAllocator allocator = new RootAllocator();
                CpuRoutingBackend cpu = new CpuRoutingBackend();
                MixedBatch batch = MixedBatch.of(1, IdType.INT32, allocator, MixedBatch.lengths(1))) {
            CompactResult result = backend.alignCompact(batch.batch(), COMPACT, allocator);
            ExpertLoadAccumulator load = backend.expertLoad(Answers.counts(), allocator);
            load.add(batch.batch(), Answers.slots(batch.batch(), 5), 5);
            assertThatThrownBy(backend::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("the pinned memory pool was closed while ")
                    .satisfies(e -> assertThat(e.getSuppressed())
                            .anySatisfy(s -> assertThat(s).hasMessageContaining("the device memory pool was closed")));
            assertThat(Answers.compact(result))
                    .isEqualTo(Answers.compact(cpu.alignCompact(batch.batch(), COMPACT, allocator)));
            load.close();
        }
        try (CudaRoutingBackend next = open(1);
                BufferAllocator allocator = new RootAllocator()) {
            assertThat(compact(next, allocator)).containsKey("sorted");
        }
    }
}

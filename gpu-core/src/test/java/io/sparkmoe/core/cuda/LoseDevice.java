package io.sparkmoe.core.cuda;

import io.sparkmoe.core.cpu.CpuRoutingBackend;
import io.sparkmoe.core.cuda.driver.BreakContext;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CompactResult;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.PaddingAccumulator;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.Arrays;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * Breaks the device under an open backend and prints what the backend then does; for a JVM started by a test. Argument:
 * whether to fail.
 */
final class LoseDevice implements AutoCloseable {
    private static final CompactOptions COMPACT =
            new CompactOptions(IdOptions.of(Answers.EXPERTS).withInvalid(InvalidPolicy.DROP));

    private final BufferAllocator allocator = new RootAllocator();
    private final CpuRoutingBackend cpu = new CpuRoutingBackend();
    private final CudaRoutingBackend backend;
    private final MixedBatch mixed = MixedBatch.of(3, IdType.INT32, allocator, MixedBatch.lengths(3));
    private final RoutingBatch batch = mixed.batch();

    private LoseDevice(boolean fail) throws Exception {
        DeviceSettings settings = new DeviceSettings(null, 0.1, 1L << 30, 2, fail, null);
        backend = CudaRoutingBackend.open(settings, new CpuRoutingBackend());
    }

    public static void main(String[] args) throws Exception {
        try (LoseDevice lose = new LoseDevice(Boolean.parseBoolean(args[0]))) {
            lose.run();
        }
        System.out.println("all closed");
    }

    private void run() throws Exception {
        Map<String, Object> expected = Answers.compact(cpu.alignCompact(batch, COMPACT, allocator));
        try (ExpertLoadAccumulator held = backend.expertLoad(Answers.counts(), allocator);
                ExpertLoadAccumulator read = backend.expertLoad(Answers.counts(), allocator);
                PaddingAccumulator empty = backend.paddingTotals(Answers.padding(), allocator)) {
            held.add(batch, Answers.slots(batch, 5), 5);
            read.add(batch, Answers.slots(batch, 5), 5);
            long[] sums = new long[Answers.EXPERTS];
            read.read(2, sums);
            CompactResult result = backend.alignCompact(batch, COMPACT, allocator);
            try (ReorderChain chain = new ReorderChain(allocator, 5, 7);
                    TensorResult tensor = chain.pre(backend.reorder())) {
                BreakContext.breakDevice();
                System.out.println("tensor: " + failure(tensor::host));
                System.out.println("over tensor: " + failure(() -> chain.silu(backend.reorder(), tensor)));
            }
            System.out.println("result in hand: " + Answers.compact(result).equals(expected));
            Answers.operators().forEach((name, operator) -> System.out.println(name + ": " + said(operator)));
            accumulators(held, read, empty, sums);
            System.out.println("input: " + input());
            System.out.println("fallbacks: " + backend.takeActivity().fallbacks());
        }
        System.out.println("device memory used: " + backend.deviceMemory().used());
    }

    private void accumulators(
            ExpertLoadAccumulator held, ExpertLoadAccumulator read, PaddingAccumulator empty, long[] sums) {
        System.out.println("held add: " + failure(() -> held.add(batch, Answers.slots(batch, 5), 5)));
        System.out.println("held read: " + failure(() -> held.read(2, new long[Answers.EXPERTS])));
        long[] again = new long[Answers.EXPERTS];
        read.read(2, again);
        System.out.println("read before: " + Arrays.equals(again, sums));
        System.out.println("empty add: " + failure(() -> empty.add(batch, Answers.slots(batch, 5), 5)));
        held.clear();
        System.out.println("held add after clear: " + failure(() -> held.add(batch, Answers.slots(batch, 5), 5)));
        System.out.println(
                "held read after clear: " + failure(() -> held.read(2, again)) + " " + Arrays.equals(again, sums));
    }

    private String said(Answers.Operator operator) {
        try {
            return "" + operator.over(backend, batch, allocator).equals(operator.over(cpu, batch, allocator));
        } catch (IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static String failure(Runnable work) {
        try {
            work.run();
            return "none";
        } catch (IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private String input() {
        try (RoutingBatchBuilder builder = new RoutingBatchBuilder(backend.inputBuffers(allocator))) {
            builder.reserve(16 << 20);
            return "taken";
        }
    }

    @Override
    public void close() {
        mixed.close();
        backend.close();
        cpu.close();
        allocator.close();
    }
}

package io.sparkmoe.benchmarks;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.RoutingBackends.Request;
import io.sparkmoe.core.reorder.Activations;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorBatchBuilder;
import io.sparkmoe.core.reorder.TensorResult;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.routing.DeviceActivity;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * pre_reorder, silu_and_mul and post_reorder over one another's results, which stay where they were computed or go by way
 * of the host: time and bytes over the bus, as the backend counts them.
 *
 * <p>Arguments: backend (cuda or cpu), tokens, topk, hidden size.
 */
public final class ResidentChain {
    private static final int EXPERTS = 256;
    private static final int ROUNDS = 11;

    private final RoutingBackend backend;
    private final BufferAllocator allocator;
    private final int topk;
    private final int hiddenSize;

    private ResidentChain(RoutingBackend backend, BufferAllocator allocator, int topk, int hiddenSize) {
        this.backend = backend;
        this.allocator = allocator;
        this.topk = topk;
        this.hiddenSize = hiddenSize;
    }

    public static void main(String[] args) throws Exception {
        int tokens = Integer.parseInt(args[1]);
        DeviceSettings settings = new DeviceSettings(null, 0.5, 8L << 30, 1, true, null);
        RoutingBackends.Choice choice = RoutingBackends.open(Request.parse(args[0]), true, settings);
        System.out.printf(
                "%s; %s tokens, topk %s, hidden size %s, fp16%n%n", choice.reason(), args[1], args[2], args[3]);
        System.out.println("| results between the operators | ms | MB to the device | MB from it | kernels ms |");
        System.out.println("|---|---|---|---|---|");
        try (RoutingBackend backend = choice.backend();
                BufferAllocator allocator = new RootAllocator()) {
            new ResidentChain(backend, allocator, Integer.parseInt(args[2]), Integer.parseInt(args[3])).run(tokens);
        }
    }

    private void run(int tokens) {
        SplittableRandom random = new SplittableRandom(1);
        try (TensorBatchBuilder hidden = new TensorBatchBuilder(backend.inputBuffers(allocator));
                TensorBatchBuilder weights = new TensorBatchBuilder(backend.inputBuffers(allocator));
                RoutingBatchBuilder ids = new RoutingBatchBuilder(backend.inputBuffers(allocator))) {
            fill(hidden, TensorType.FP16, (long) tokens * hiddenSize, random);
            fill(weights, TensorType.FP32, (long) tokens * topk, random);
            ids.reset(IdType.INT32, 0);
            long at = ids.reserve(tokens * topk);
            for (int i = 0; i < tokens * topk; i++) {
                Memory.putInt(at + 4L * i, random.nextInt(EXPERTS));
            }
            ids.endSegment(tokens * topk);
            RoutingBatch routing = ids.build();
            try (EpPreprocessResult maps = backend.epPreprocess(
                    routing, EpPreprocessOptions.of(IdOptions.of(EXPERTS), EpForm.SGLANG), allocator)) {
                measure("stay there", hidden.build(), routing, maps, weights.build(), a -> a);
                measure("go by way of the host", hidden.build(), routing, maps, weights.build(), a -> host(a));
            }
        }
    }

    private static Activations host(Activations result) {
        return ((TensorResult) result).host();
    }

    /** Bits of small positive numbers. */
    private static void fill(TensorBatchBuilder builder, TensorType type, long count, SplittableRandom random) {
        builder.reset(type, 0);
        long at = builder.reserve(count);
        for (long i = 0; i < count; i++) {
            if (type == TensorType.FP32) {
                Memory.putInt(at + 4 * i, Float.floatToRawIntBits((float) random.nextDouble()));
            } else {
                Memory.putShort(at + 2 * i, (short) random.nextInt(0x3c00));
            }
        }
        builder.endSegment(count);
    }

    private void measure(
            String name,
            TensorBatch hidden,
            RoutingBatch ids,
            EpPreprocessResult maps,
            TensorBatch weights,
            UnaryOperator<Activations> link) {
        double[] ms = new double[ROUNDS];
        for (int i = -3; i < ROUNDS; i++) {
            backend.takeActivity();
            long start = System.nanoTime();
            chain(hidden, ids, maps, weights, link);
            if (i >= 0) {
                ms[i] = (System.nanoTime() - start) / 1e6;
            }
        }
        Arrays.sort(ms);
        DeviceActivity last = backend.takeActivity();
        System.out.printf(
                Locale.ROOT,
                "| %s | %.1f | %.1f | %.1f | %.3f |%n",
                name,
                ms[ROUNDS / 2],
                last.bytesToDevice() / 1e6,
                last.bytesFromDevice() / 1e6,
                last.kernelNanos() / 1e6);
    }

    private void chain(
            TensorBatch hidden,
            RoutingBatch ids,
            EpPreprocessResult maps,
            TensorBatch weights,
            UnaryOperator<Activations> link) {
        ReorderBackend reorder = backend.reorder();
        RoutingBatch src2dst = maps.src2dst().asBatch(0);
        PreReorderOptions pre = PreReorderOptions.of(topk, hiddenSize, TensorType.FP16);
        SiluAndMulOptions silu = SiluAndMulOptions.of(hiddenSize, TensorType.FP16);
        PostReorderOptions post = PostReorderOptions.of(topk, hiddenSize / 2);
        try (TensorResult gateup = reorder.preReorder(hidden, ids, src2dst, null, pre, allocator);
                TensorResult down = reorder.siluAndMul(
                        link.apply(gateup), maps.reorderTopkIds().asBatch(0), null, silu, allocator);
                TensorResult out = reorder.postReorder(link.apply(down), ids, src2dst, weights, post, allocator)) {
            out.host();
        }
    }
}

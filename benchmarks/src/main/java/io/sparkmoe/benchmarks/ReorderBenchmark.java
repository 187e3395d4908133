package io.sparkmoe.benchmarks;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.reorder.Arithmetic;
import io.sparkmoe.core.reorder.Conversions;
import io.sparkmoe.core.reorder.ExpertRange;
import io.sparkmoe.core.reorder.PostReorderOptions;
import io.sparkmoe.core.reorder.PreReorderOptions;
import io.sparkmoe.core.reorder.ReorderBackend;
import io.sparkmoe.core.reorder.ScaleMode;
import io.sparkmoe.core.reorder.SiluAndMulOptions;
import io.sparkmoe.core.reorder.TensorBatch;
import io.sparkmoe.core.reorder.TensorType;
import io.sparkmoe.core.reorder.TopkOptions;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.EpPreprocessResult;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.Memory;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The reorder operators on the CPU over 1,024 tokens of hidden size 7168, topk 8 of 256 experts, in ms, and copies to
 * compare them with: of 112 MiB, the bytes of pre_reorder's 16-bit result and of post_reorder's and silu_and_mul's operand.
 * A thread has its own operands: -t max for all cores.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class ReorderBenchmark {
    private static final int TOKENS = 1024;
    private static final int TOPK = 8;
    private static final int EXPERTS = 256;
    private static final int HIDDEN_SIZE = 7168;
    private static final int ROWS = TOKENS * TOPK;
    private static final long ROW_BYTES = 2L * HIDDEN_SIZE;

    @Param({"FP16", "BF16"})
    public TensorType type;

    private BufferAllocator allocator;
    private RoutingBackend routing;
    private ReorderBackend backend;
    private RoutingBatchBuilder builder;
    private RoutingBatch topkIds;
    private EpPreprocessResult maps;
    private long rowsAddress;
    private long copyAddress;
    private long offsets;
    private long floats;

    @Setup(Level.Trial)
    public void setUp() {
        allocator = new RootAllocator();
        routing = RoutingBackends.open(RoutingBackends.Request.CPU, false).backend();
        backend = routing.reorder();
        builder = new RoutingBatchBuilder(allocator);
        builder.reset(IdType.INT32, 0);
        SplittableRandom random = new SplittableRandom(1);
        builder.addSegment(random.ints(ROWS, 0, EXPERTS).toArray());
        topkIds = builder.build();
        maps = routing.epPreprocess(topkIds, EpPreprocessOptions.of(IdOptions.of(EXPERTS), EpForm.SGLANG), allocator);
        rowsAddress = Memory.allocate(ROWS * ROW_BYTES);
        copyAddress = Memory.allocate(ROWS * ROW_BYTES);
        for (long i = 0; i < (long) ROWS * HIDDEN_SIZE; i++) {
            Conversions.write(type, (float) random.nextDouble(-4, 4), rowsAddress + 2 * i);
        }
        offsets = Memory.allocate(16L * 4);
        floats = Memory.allocate(4L * ROWS);
        for (int i = 0; i < ROWS; i++) {
            Conversions.write(TensorType.FP32, (float) random.nextDouble(0.1, 1), floats + 4L * i);
        }
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        maps.close();
        builder.close();
        routing.close();
        allocator.close();
        Memory.free(rowsAddress);
        Memory.free(copyAddress);
        Memory.free(offsets);
        Memory.free(floats);
    }

    /** The first elements at an address as one segment; {@code slot} keeps the offsets of a call's tensors apart. */
    private TensorBatch tensor(TensorType of, long address, long elements, int slot) {
        long at = offsets + 16L * slot;
        Memory.putLong(at, 0);
        Memory.putLong(at + 8, elements);
        return new TensorBatch(of, 1, at, address, 0);
    }

    @Benchmark
    public long copy() {
        Memory.copy(rowsAddress, copyAddress, ROWS * ROW_BYTES);
        return copyAddress;
    }

    private long preReorder(ExpertRange experts, ScaleMode mode, TensorType out) {
        TensorBatch scales = mode == ScaleMode.NONE ? null : tensor(TensorType.FP32, floats, EXPERTS, 1);
        try (var r = backend.preReorder(
                tensor(type, rowsAddress, (long) TOKENS * HIDDEN_SIZE, 0),
                topkIds,
                maps.src2dst().asBatch(0),
                scales,
                new PreReorderOptions(TOPK, HIDDEN_SIZE, mode, experts, out),
                allocator)) {
            return r.totalElements();
        }
    }

    @Benchmark
    public long preReorder() {
        return preReorder(ExpertRange.ALL, ScaleMode.NONE, type);
    }

    @Benchmark
    public long preReorderEighth() {
        return preReorder(new ExpertRange(0, EXPERTS / 8 - 1), ScaleMode.NONE, type);
    }

    @Benchmark
    public long preReorderPerExpert() {
        return preReorder(ExpertRange.ALL, ScaleMode.PER_EXPERT, type);
    }

    @Benchmark
    public long preReorderToFp8() {
        return preReorder(ExpertRange.ALL, ScaleMode.NONE, TensorType.FP8_E4M3FN);
    }

    @Benchmark
    public long preReorderPerExpertToFp8() {
        return preReorder(ExpertRange.ALL, ScaleMode.PER_EXPERT, TensorType.FP8_E4M3FN);
    }

    private long postReorder(Arithmetic arithmetic) {
        try (var r = backend.postReorder(
                tensor(type, rowsAddress, (long) ROWS * HIDDEN_SIZE, 0),
                topkIds,
                maps.src2dst().asBatch(0),
                tensor(TensorType.FP32, floats, ROWS, 1),
                new PostReorderOptions(TOPK, HIDDEN_SIZE, ExpertRange.ALL, 1, arithmetic),
                allocator)) {
            return r.totalElements();
        }
    }

    @Benchmark
    public long postReorder() {
        return postReorder(Arithmetic.FP32);
    }

    @Benchmark
    public long postReorderFma16() {
        return postReorder(Arithmetic.FMA16);
    }

    @Benchmark
    public long siluAndMul() {
        try (var r = backend.siluAndMul(
                tensor(type, rowsAddress, (long) ROWS * HIDDEN_SIZE, 0),
                maps.reorderTopkIds().asBatch(0),
                null,
                SiluAndMulOptions.of(HIDDEN_SIZE, type),
                allocator)) {
            return r.totalElements();
        }
    }

    /** 8,192 tokens: 4 MiB of logits. */
    @Benchmark
    public int topk() {
        try (var r = backend.topk(
                tensor(type, rowsAddress, (long) ROWS * EXPERTS, 0), TopkOptions.of(EXPERTS, TOPK), allocator)) {
            return r.topkIds().totalElements();
        }
    }
}

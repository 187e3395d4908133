package io.sparkmoe.benchmarks;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.PaddingOptions;
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
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The CPU operators over 8 M ids of 256 experts, in ids a microsecond (= M ids/s): one segment, or many. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 7, time = 1)
@Fork(1)
public class OperatorsBenchmark {
    private static final int IDS = 8 << 20;
    private static final int EXPERTS = 256;

    /** Ids a segment. */
    @Param({"8388608", "8192", "512", "8"})
    public int segment;

    @Param({"INT32", "INT16", "UINT8"})
    public IdType type;

    private BufferAllocator allocator;
    private RoutingBatchBuilder builder;
    private RoutingBatch batch;
    private RoutingBackend backend;
    private int[] slots;

    @Setup(Level.Trial)
    public void setUp() {
        allocator = new RootAllocator();
        backend = RoutingBackends.open(RoutingBackends.Request.CPU, false).backend();
        builder = new RoutingBatchBuilder(allocator);
        builder.reset(type, 0);
        SplittableRandom random = new SplittableRandom(1);
        int[] ids = new int[segment];
        for (int done = 0; done < IDS; done += segment) {
            for (int i = 0; i < segment; i++) {
                ids[i] = random.nextInt(EXPERTS);
            }
            IdCodec.encode(type, ids, 0, segment, builder.reserve(segment));
            builder.endSegment(segment);
        }
        batch = builder.build();
        slots = new int[batch.segments()];
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        builder.close();
        backend.close();
        allocator.close();
    }

    @Benchmark
    @OperationsPerInvocation(IDS)
    public int align() {
        // 8-id rows pad 128-fold at block size 128: what a kernel of so few tokens would use is measured instead.
        int blockSize = segment < 512 ? 16 : 128;
        try (var r = backend.align(batch, new AlignOptions(IdOptions.of(EXPERTS), blockSize), allocator)) {
            return r.numTokensPostPad().getInt(0);
        }
    }

    @Benchmark
    @OperationsPerInvocation(IDS)
    public int alignCompact() {
        try (var r = backend.alignCompact(batch, new CompactOptions(IdOptions.of(EXPERTS)), allocator)) {
            return r.sortedIds().totalElements();
        }
    }

    @Benchmark
    @OperationsPerInvocation(IDS)
    public int epPreprocess() {
        var options = EpPreprocessOptions.of(IdOptions.of(EXPERTS), EpForm.SGLANG);
        try (var r = backend.epPreprocess(batch, options, allocator)) {
            return r.src2dst().totalElements();
        }
    }

    @Benchmark
    @OperationsPerInvocation(IDS)
    public int padding() {
        var options = new PaddingOptions(EXPERTS, new int[] {16, 32, 64, 128}, InvalidPolicy.ERROR);
        try (var r = backend.padding(batch, options, allocator)) {
            return r.activeExperts().getInt(0);
        }
    }

    @Benchmark
    @OperationsPerInvocation(IDS)
    public long expertLoad() {
        try (ExpertLoadAccumulator load =
                backend.expertLoad(new CountsOptions(EXPERTS, InvalidPolicy.ERROR), allocator)) {
            load.add(batch, slots, 1);
            long[] out = new long[EXPERTS];
            load.read(0, out);
            return out[0];
        }
    }
}

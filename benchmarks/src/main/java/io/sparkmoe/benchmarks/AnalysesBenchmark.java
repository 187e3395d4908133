package io.sparkmoe.benchmarks;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.analysis.AgreementAccumulator;
import io.sparkmoe.core.analysis.AgreementOptions;
import io.sparkmoe.core.analysis.CapacityAccumulator;
import io.sparkmoe.core.analysis.CapacityOptions;
import io.sparkmoe.core.analysis.CoactivationAccumulator;
import io.sparkmoe.core.analysis.CoactivationKind;
import io.sparkmoe.core.analysis.CoactivationOptions;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.Arrays;
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

/**
 * The analyses' accumulators on the CPU over tokens of distinct ids, in tokens a microsecond (= M tokens/s). The floor of
 * co-activation is a store a pair of slots: k (k - 1) / 2 cycles a token.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AnalysesBenchmark {
    private static final int TOKENS = 1 << 19;

    /** Experts and topk. */
    @Param({"64x6", "64x8", "256x8", "512x10", "1024x8"})
    public String shape;

    /** Tokens a segment, and groups that take turns: a token a row of one layer's file, blocks of 58 layers. */
    @Param({"1x1", "1024x58"})
    public String rows;

    private int experts;
    private int topk;
    private int groups;
    private BufferAllocator allocator;
    private RoutingBatchBuilder builder;
    private RoutingBatch batch;
    private RoutingBackend backend;
    private CoactivationAccumulator coactivation;
    private AgreementAccumulator agreement;
    private CapacityAccumulator capacity;
    private int[] slots;

    @Setup(Level.Trial)
    public void setUp() {
        experts = Integer.parseInt(shape.split("x")[0]);
        topk = Integer.parseInt(shape.split("x")[1]);
        groups = Integer.parseInt(rows.split("x")[1]);
        allocator = new RootAllocator();
        backend = RoutingBackends.open(RoutingBackends.Request.CPU, false).backend();
        builder = new RoutingBatchBuilder(allocator);
        batch = tokens(Integer.parseInt(rows.split("x")[0]));
        slots = new int[batch.segments()];
        Arrays.setAll(slots, s -> s % groups);
        coactivation = backend.analyses()
                .coactivation(
                        new CoactivationOptions(experts, topk, CoactivationKind.TOKENS, InvalidPolicy.ERROR),
                        allocator);
        agreement = backend.analyses().agreement(new AgreementOptions(topk), allocator);
        double[] factors = {1, 1.25, 2};
        capacity = backend.analyses()
                .capacity(new CapacityOptions(experts, topk, factors, InvalidPolicy.ERROR), allocator);
    }

    private RoutingBatch tokens(int tokensARow) {
        builder.reset(IdType.INT16, 0);
        SplittableRandom random = new SplittableRandom(1);
        int[] ids = new int[topk * tokensARow];
        for (int done = 0; done < TOKENS; done += tokensARow) {
            for (int i = 0; i < ids.length; i++) {
                int token = i - i % topk;
                do {
                    ids[i] = (int) (experts * Math.pow(random.nextDouble(), 2));
                } while (named(ids, token, i));
            }
            IdCodec.encode(IdType.INT16, ids, 0, ids.length, builder.reserve(ids.length));
            builder.endSegment(ids.length);
        }
        return builder.build();
    }

    private static boolean named(int[] ids, int from, int at) {
        for (int i = from; i < at; i++) {
            if (ids[i] == ids[at]) {
                return true;
            }
        }
        return false;
    }

    @TearDown(Level.Trial)
    public void tearDown() {
        coactivation.close();
        agreement.close();
        capacity.close();
        builder.close();
        backend.close();
        allocator.close();
    }

    @Benchmark
    @OperationsPerInvocation(TOKENS)
    public void coactivation() {
        coactivation.add(batch, slots, groups);
    }

    @Benchmark
    @OperationsPerInvocation(TOKENS)
    public void agreement() {
        agreement.add(batch, batch, slots, groups);
    }

    @Benchmark
    @OperationsPerInvocation(TOKENS)
    public void capacity() {
        capacity.add(batch, null, slots, groups);
    }
}

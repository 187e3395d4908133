package io.sparkmoe.benchmarks;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.RoutingBackends.Request;
import io.sparkmoe.core.routing.AlignOptions;
import io.sparkmoe.core.routing.CompactOptions;
import io.sparkmoe.core.routing.CountsOptions;
import io.sparkmoe.core.routing.DeviceActivity;
import io.sparkmoe.core.routing.DeviceSettings;
import io.sparkmoe.core.routing.EpForm;
import io.sparkmoe.core.routing.EpPreprocessOptions;
import io.sparkmoe.core.routing.ExpertLoadAccumulator;
import io.sparkmoe.core.routing.IdCodec;
import io.sparkmoe.core.routing.IdOptions;
import io.sparkmoe.core.routing.IdType;
import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.core.routing.RoutingBatch;
import io.sparkmoe.core.routing.RoutingBatchBuilder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * Operators from host memory to host memory through a backend, by 1, 2 and 4 threads: what a Spark task gets. Bytes are
 * those that cross the bus, as the backend counts them.
 *
 * <p>Arguments: backend (cuda or cpu), [threads...].
 */
public final class HostToHost {
    private static final int EXPERTS = 256;
    private static final int ROUNDS = 21;

    /** An operator over a batch. */
    private interface Operator {
        void run(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator);
    }

    private record Case(String name, int segments, int length, IdType type, Operator operator) {}

    private HostToHost() {}

    public static void main(String[] args) throws Exception {
        Request request = Request.parse(args[0]);
        int[] threads = args.length > 1
                ? Arrays.stream(args, 1, args.length)
                        .mapToInt(Integer::parseInt)
                        .toArray()
                : new int[] {1, 2, 4};
        DeviceSettings settings = new DeviceSettings(null, 0.5, 8L << 30, 4, true, null);
        RoutingBackends.Choice choice = RoutingBackends.open(request, true, settings);
        System.out.printf("%s; %s%n%n", Machine.describe(), choice.reason());
        System.out.println("| work | threads | ms a call | M ids/s | GB/s to | GB/s from | kernels ms |");
        System.out.println("|---|---|---|---|---|---|---|");
        try (RoutingBackend backend = choice.backend()) {
            for (Case c : cases()) {
                for (int t : threads) {
                    report(c, t, measure(c, t, backend));
                }
            }
        }
    }

    private static List<Case> cases() {
        Operator compact = (backend, batch, allocator) -> backend.alignCompact(
                        batch, new CompactOptions(IdOptions.of(EXPERTS)), allocator)
                .close();
        Operator align = (backend, batch, allocator) -> backend.align(
                        batch, new AlignOptions(IdOptions.of(EXPERTS), 128), allocator)
                .close();
        Operator align64 = (backend, batch, allocator) -> backend.align(
                        batch, new AlignOptions(IdOptions.of(EXPERTS), 64), allocator)
                .close();
        Operator preprocess = (backend, batch, allocator) -> backend.epPreprocess(
                        batch, EpPreprocessOptions.of(IdOptions.of(EXPERTS), EpForm.SGLANG), allocator)
                .close();
        Operator load = HostToHost::load;
        List<Case> cases = new ArrayList<>();
        for (IdType type : new IdType[] {IdType.UINT8, IdType.INT32}) {
            cases.add(new Case("align compact 1Mx8", 1, 8 << 20, type, compact));
            cases.add(new Case("align compact 1,000 x 8,192", 1000, 8192, type, compact));
            cases.add(new Case("align 1Mx8 B 128", 1, 8 << 20, type, align));
            cases.add(new Case("EP preprocess 1Mx8", 1, 8 << 20, type, preprocess));
            cases.add(new Case("expert load 1Mx8", 1 << 20, 8, type, load));
        }
        cases.add(new Case("align compact 10,000 x 512", 10_000, 512, IdType.UINT8, compact));
        cases.add(new Case("align 1,000 x 512 B 64", 1_000, 512, IdType.UINT8, align64));
        cases.add(new Case("align 4096x8 B 128", 1, 4096 * 8, IdType.UINT8, align));
        return cases;
    }

    private static void load(RoutingBackend backend, RoutingBatch batch, BufferAllocator allocator) {
        try (ExpertLoadAccumulator load =
                backend.expertLoad(new CountsOptions(EXPERTS, InvalidPolicy.ERROR), allocator)) {
            load.add(batch, new int[batch.segments()], 1);
            load.read(0, new long[EXPERTS]);
        }
    }

    /** What one thread measured. */
    private record Measured(double medianSeconds, DeviceActivity activity) {}

    private static List<Measured> measure(Case c, int threads, RoutingBackend backend) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Measured>> all = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                Callable<Measured> one = () -> measureOne(c, backend);
                all.add(pool.submit(one));
            }
            List<Measured> done = new ArrayList<>();
            for (Future<Measured> f : all) {
                done.add(f.get());
            }
            return done;
        } finally {
            pool.shutdown();
        }
    }

    private static Measured measureOne(Case c, RoutingBackend backend) {
        try (BufferAllocator allocator = new RootAllocator();
                RoutingBatchBuilder builder = new RoutingBatchBuilder(backend.inputBuffers(allocator))) {
            RoutingBatch batch = fill(builder, c);
            for (int i = 0; i < ROUNDS / 2; i++) {
                c.operator().run(backend, batch, allocator);
            }
            backend.takeActivity();
            double[] seconds = new double[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                long start = System.nanoTime();
                c.operator().run(backend, batch, allocator);
                seconds[i] = (System.nanoTime() - start) / 1e9;
            }
            Arrays.sort(seconds);
            return new Measured(seconds[ROUNDS / 2], backend.takeActivity());
        }
    }

    private static RoutingBatch fill(RoutingBatchBuilder builder, Case c) {
        SplittableRandom random = new SplittableRandom(1);
        int[] ids = new int[c.length()];
        builder.reset(c.type(), 0);
        for (int s = 0; s < c.segments(); s++) {
            for (int i = 0; i < ids.length; i++) {
                ids[i] = random.nextInt(EXPERTS);
            }
            IdCodec.encode(c.type(), ids, 0, ids.length, builder.reserve(ids.length));
            builder.endSegment(ids.length);
        }
        return builder.build();
    }

    private static void report(Case c, int threads, List<Measured> all) {
        double seconds =
                all.stream().mapToDouble(Measured::medianSeconds).average().orElseThrow();
        double ids = (double) threads * c.segments() * c.length();
        double to = all.stream().mapToLong(m -> m.activity().bytesToDevice()).sum() / (double) ROUNDS;
        double from =
                all.stream().mapToLong(m -> m.activity().bytesFromDevice()).sum() / (double) ROUNDS;
        double kernels = all.stream().mapToLong(m -> m.activity().kernelNanos()).sum() / (double) ROUNDS / threads;
        System.out.printf(
                Locale.ROOT,
                "| %s, %s | %d | %.3f | %.0f | %.1f | %.1f | %.3f |%n",
                c.name(),
                c.type(),
                threads,
                1e3 * seconds,
                ids / seconds / 1e6,
                to / seconds / 1e9,
                from / seconds / 1e9,
                kernels / 1e6);
    }
}

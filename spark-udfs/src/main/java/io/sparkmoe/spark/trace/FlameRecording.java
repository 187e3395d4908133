package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.InputFiles.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/** The footers of a recording, judged: which layer files can be read side by side, and which are bad. */
record FlameRecording(List<Iteration> iterations) {
    private static final int THREADS = 8;

    /**
     * One iteration.
     *
     * @param layers the usable files by layer, all of {@code rows} rows
     * @param bad what cannot be used, by layer
     */
    record Iteration(
            long number,
            String folder,
            long rows,
            TreeMap<Integer, FlameFile> layers,
            TreeMap<Integer, BadRecord> bad) {}

    private record Footer(
            @Nullable FlameFile file, @Nullable BadRecord bad) {}

    /** Reads every footer, several at a time. */
    static FlameRecording read(FlameLayout layout, int topk, Configuration conf) {
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try {
            List<Map<Integer, Future<Footer>>> all = new ArrayList<>();
            for (FlameLayout.Iteration iteration : layout.iterations()) {
                Map<Integer, Future<Footer>> layers = new TreeMap<>();
                iteration.layers().forEach((layer, file) -> {
                    Callable<Footer> task = () -> footer(file, topk, conf);
                    layers.put(layer, pool.submit(task));
                });
                all.add(layers);
            }
            List<Iteration> judged = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                judged.add(judge(layout.iterations().get(i), all.get(i)));
            }
            return new FlameRecording(List.copyOf(judged));
        } finally {
            pool.shutdownNow();
        }
    }

    private static Footer footer(InputFile file, int topk, Configuration conf) throws IOException {
        try {
            FlameFile read = FlameFile.read(file, conf);
            FlameColumns.checkIds(read, topk);
            FlameColumns.checkScores(read);
            return new Footer(read, null);
        } catch (BadRecord.Found e) {
            return new Footer(null, whole(e, file.path()));
        }
    }

    /** A fault of a whole file. */
    static BadRecord whole(BadRecord.Found found, String file) {
        return found.at(file, -1, 0, new byte[0]);
    }

    private static Iteration judge(FlameLayout.Iteration iteration, Map<Integer, Future<Footer>> footers) {
        TreeMap<Integer, FlameFile> good = new TreeMap<>();
        TreeMap<Integer, BadRecord> bad = new TreeMap<>();
        footers.forEach((layer, future) -> {
            Footer footer = get(future);
            if (footer.bad() != null) {
                bad.put(layer, footer.bad());
            } else {
                good.put(layer, footer.file());
            }
        });
        long rows = usualRows(good);
        good.forEach((layer, file) -> {
            if (file.rows() != rows) {
                bad.put(layer, unequal(file, rows));
            }
        });
        good.keySet().removeAll(bad.keySet());
        return new Iteration(iteration.number(), iteration.folder(), rows, good, bad);
    }

    /** The number of rows that most layers have; of equally many the larger. */
    private static long usualRows(TreeMap<Integer, FlameFile> layers) {
        Map<Long, Long> counts = layers.values().stream()
                .map(FlameFile::rows)
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        return counts.entrySet().stream()
                .max(Map.Entry.<Long, Long>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey)
                .orElse(0L);
    }

    private static BadRecord unequal(FlameFile file, long rows) {
        return new BadRecord(
                file.file().path(),
                -1,
                0,
                BadReason.ROWS_UNEQUAL,
                -1,
                file.rows() + " rows",
                rows + " rows, as most layers of the iteration have",
                "the layers of an iteration do not line up",
                ByteBuffer.allocate(0));
    }

    private static Footer get(Future<Footer> future) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new TraceFormatException(
                    "The footer of a layer file cannot be read: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TraceFormatException("Interrupted while the footers of the layer files were read.", e);
        }
    }
}

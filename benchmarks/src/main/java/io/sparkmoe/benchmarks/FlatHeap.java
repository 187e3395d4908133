package io.sparkmoe.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;

/**
 * Expert load over 10 GB of token rows (40 hard links of a table of 64 M int32 ids in rows of 8) in whatever heap the JVM
 * was given: run it with {@code -Xmx2g}. Prints rows, time, and the peak of the heap after and between collections.
 *
 * <p>Arguments: folder for the tables, [links (40)].
 */
public final class FlatHeap {
    private FlatHeap() {}

    public static void main(String[] args) throws Exception {
        int links = args.length > 1 ? Integer.parseInt(args[1]) : 40;
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("spark-moe-flat-heap")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .getOrCreate()) {
            spark.sparkContext().setLogLevel("WARN");
            Path table = Tables.lists(spark, Path.of(args[0]), 8L << 20, 8);
            Path linked = linked(table, links);
            spark.read().parquet(linked.toString()).createOrReplaceTempView("b");
            long start = System.nanoTime();
            long ids = spark.sql(
                            "SELECT sum(aggregate(c, 0L, (a, x) -> a + x)) FROM (SELECT layer, moe_expert_load(topk_ids, "
                                    + "num_experts => 256) c FROM b GROUP BY layer)")
                    .first()
                    .getLong(0);
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.println(String.format(
                    Locale.ROOT,
                    "%s%n%d ids (%.1f GB as int32) in %.1f s; heap limit %d MB, peak %d MB",
                    Machine.describe(),
                    ids,
                    4e-9 * ids,
                    seconds,
                    Runtime.getRuntime().maxMemory() >> 20,
                    Machine.peakHeap() >> 20));
            if (ids != links * (64L << 20)) {
                throw new IllegalStateException("expected " + links * (64L << 20) + " ids");
            }
        }
    }

    private static Path linked(Path table, int links) throws IOException {
        Path folder = table.resolveSibling(table.getFileName() + "-x" + links);
        Files.createDirectories(folder);
        List<Path> files;
        try (Stream<Path> all = Files.list(table)) {
            files = all.filter(f -> f.toString().endsWith(".parquet")).collect(Collectors.toList());
        }
        for (int i = 0; i < links; i++) {
            for (Path file : files) {
                Path link = folder.resolve(i + "-" + file.getFileName());
                if (!Files.exists(link)) {
                    Files.createLink(link, file);
                }
            }
        }
        return folder;
    }
}

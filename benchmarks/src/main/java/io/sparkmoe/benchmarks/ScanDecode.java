package io.sparkmoe.benchmarks;

import io.sparkmoe.spark.scan.decode.IdColumn;
import io.sparkmoe.spark.scan.decode.IdColumnDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;

/**
 * Id lists out of Parquet files in the page cache, one thread: the decoder bare (pages to contiguous ids and offsets), and
 * inside of Spark beside Spark's own reader. Every way counts the same ids.
 *
 * <p>Arguments: folder for the tables, file for the results, [millions of ids a table (48)], [rounds (7); 1: the decoder
 * alone], [codec (snappy)].
 */
public final class ScanDecode {
    private static final int ROWS = 1 << 20;
    private static final long BYTES = 512 << 10;
    private static final Map<Path, ParquetMetadata> FOOTERS = new HashMap<>();

    private ScanDecode() {}

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        long ids = (args.length > 2 ? Long.parseLong(args[2]) : 48) << 20;
        int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 7;
        String codec = args.length > 4 ? args[4] : "snappy";
        StringBuilder page = new StringBuilder("## Reading id lists from Parquet, one thread, " + codec + "\n\n")
                .append(Machine.describe())
                .append(". Median of ")
                .append(rounds)
                .append(" rounds, rivals in turn, files in the page cache.\n");
        try (SparkSession spark = session()) {
            for (ScanTables table : ScanTables.values()) {
                Path file = table.file(spark, folder, ids, codec);
                String title = "Read " + table.title();
                page.append(processorTime(file, table, Math.max(30, 3 * rounds)));
                if (rounds > 1) {
                    String out = Timings.table(title, count(file), rivals(spark, file, table, rounds));
                    System.out.println(out);
                    page.append(out);
                }
            }
        }
        Files.writeString(Path.of(args[1]), page);
    }

    private static SparkSession session() {
        SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .appName("spark-moe-benchmarks")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .config("spark.sql.files.maxPartitionBytes", "4g")
                .getOrCreate();
        spark.sparkContext().setLogLevel("WARN");
        return spark;
    }

    /** The decoder in time of its thread's processor, which others on a shared machine do not lengthen as they do the clock. */
    private static String processorTime(Path file, ScanTables table, int rounds) throws Exception {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        double[] seconds = new double[rounds];
        long ids = 0;
        for (int i = -rounds; i < rounds; i++) {
            long start = threads.getCurrentThreadCpuTime();
            ids = count(file);
            seconds[Math.max(i, 0)] = (threads.getCurrentThreadCpuTime() - start) / 1e9;
        }
        Arrays.sort(seconds);
        String line = String.format(
                Locale.ROOT,
                "\n%s: the decoder alone takes %.4f s of processor time (best %.4f): %.0f M ids/s (%.0f)\n",
                table.title(),
                seconds[rounds / 2],
                seconds[0],
                ids / seconds[rounds / 2] / 1e6,
                ids / seconds[0] / 1e6);
        System.out.println(line);
        return line;
    }

    private static Map<String, Double> rivals(SparkSession spark, Path file, ScanTables table, int rounds)
            throws Exception {
        spark.read().parquet(file.toString()).createOrReplaceTempView("ids");
        Map<String, Double> medians = new LinkedHashMap<>(new Timings(rounds)
                .warmUp(6)
                .add("the decoder alone", () -> count(file))
                .add("Spark's reader: sum(size(topk_ids))", () -> {
                    return spark.sql("SELECT sum(greatest(size(topk_ids), 0)) FROM ids")
                            .first()
                            .getLong(0);
                })
                .run());
        for (String scan : List.of("auto", "spark")) {
            spark.conf().set("spark.moe.scan", scan);
            String load = "SELECT aggregate(moe_expert_load(topk_ids, num_experts => " + table.experts()
                    + "), 0L, (a, x) -> a + x) FROM ids";
            medians.putAll(new Timings(rounds)
                    .warmUp(6)
                    .add(
                            "moe_expert_load, spark.moe.scan = " + scan,
                            () -> spark.sql(load).first().getLong(0))
                    .run());
        }
        spark.conf().unset("spark.moe.scan");
        return medians;
    }

    /** Decodes every row group and counts the slots of ids. */
    private static long count(Path file) throws Exception {
        long count = 0;
        // Opened once a file: making a Hadoop configuration takes longer than decoding some of these files.
        ParquetMetadata footer = footer(file);
        try (SeekableInputStream in = new LocalInputFile(file).newStream();
                BufferAllocator allocator = ArrowUtils.rootAllocator().newChildAllocator("scan", 0, Long.MAX_VALUE)) {
            IdColumn column = IdColumn.find(footer.getFileMetaData().getSchema(), "topk_ids", true)
                    .column();
            try (IdColumnDecoder decoder = new IdColumnDecoder(file.toString(), column, false, allocator)) {
                int ordinal = 0;
                for (BlockMetaData block : footer.getBlocks()) {
                    decoder.open(ordinal++, chunk(block), block.getRowCount(), in);
                    while (decoder.rowsLeft() > 0) {
                        decoder.read(ROWS, BYTES);
                        count += decoder.ids();
                    }
                }
            }
        }
        return count;
    }

    private static ParquetMetadata footer(Path file) {
        return FOOTERS.computeIfAbsent(file, f -> {
            try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(f))) {
                return reader.getFooter();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static ColumnChunkMetaData chunk(BlockMetaData block) {
        return block.getColumns().stream()
                .filter(c -> c.getPath().toArray()[0].equals("topk_ids"))
                .findFirst()
                .orElseThrow();
    }
}

package io.sparkmoe.benchmarks;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Expert load of one response to a long request, read as SGLang recorded it: 100,000 tokens of a model with 61 layers, the
 * first 3 dense, topk 8 of 256 experts; 195 MB of int32 ids in one base64 string of 260 MB. Run it in a small heap
 * ({@code -Xmx2g}); prints the time of each round and the peak of the heap, and fails when a count differs from the ids
 * that were written.
 *
 * <p>Arguments: folder for the recording, [tokens (100000)], [rounds (3)].
 */
public final class LargeRecord {
    private static final int LAYERS = 61;
    private static final int DENSE = 3;
    private static final int TOPK = 8;
    private static final int EXPERTS = 256;
    /** Tokens encoded at a time; a multiple of 3, so that the pieces of base64 join without padding. */
    private static final int PIECE = 300;

    private LargeRecord() {}

    public static void main(String[] args) throws IOException {
        int tokens = args.length > 1 ? Integer.parseInt(args[1]) : 100_000;
        int rounds = args.length > 2 ? Integer.parseInt(args[2]) : 3;
        Path file = Files.createDirectories(Path.of(args[0])).resolve("large-record-" + tokens + ".jsonl");
        long[][] expected = write(file, tokens);
        try (SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("spark-moe-large-record")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .getOrCreate()) {
            spark.sparkContext().setLogLevel("WARN");
            System.out.println(Machine.describe());
            for (int round = 1; round <= rounds; round++) {
                read(spark, file, tokens, round, expected);
            }
        }
    }

    /** Writes the record piece by piece and returns the counts [layer][expert]. */
    private static long[][] write(Path file, int tokens) throws IOException {
        SplittableRandom random = new SplittableRandom(42);
        long[][] counts = new long[LAYERS][EXPERTS];
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write("{\"text\":\"\",\"meta_info\":{\"id\":\"long\",\"routed_experts\":\""
                    .getBytes(StandardCharsets.UTF_8));
            for (int token = 0; token < tokens; token += PIECE) {
                out.write(Base64.getEncoder().encode(ids(random, Math.min(PIECE, tokens - token), counts)));
            }
            // The last token of a response is sampled and never routed.
            out.write(("\",\"prompt_tokens\":" + tokens + ",\"completion_tokens\":1}}\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
        return counts;
    }

    /** Ids [tokens, LAYERS, TOPK] as little-endian int32, dense layers all zeros, the experts of a token distinct. */
    private static byte[] ids(SplittableRandom random, int tokens, long[][] counts) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * tokens * LAYERS * TOPK).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < tokens * LAYERS; row++) {
            int layer = row % LAYERS;
            int first = random.nextInt(EXPERTS);
            for (int k = 0; k < TOPK; k++) {
                int id = layer < DENSE ? 0 : (first + 37 * k) % EXPERTS;
                counts[layer][id] += layer < DENSE ? 0 : 1;
                bytes.putInt(id);
            }
        }
        return bytes.array();
    }

    private static void read(SparkSession spark, Path file, int tokens, int round, long[][] expected)
            throws IOException {
        long start = System.nanoTime();
        List<Row> rows = spark.read()
                .format("moe_trace")
                .options(Map.of("recorder", "sglang", "numExperts", "" + EXPERTS, "topk", "" + TOPK))
                .options(Map.of("numLayers", "" + LAYERS, "moeLayers", DENSE + "-" + (LAYERS - 1)))
                .load(file.toString())
                .groupBy("layer")
                .agg(org.apache.spark.sql.functions.expr("moe_expert_load(topk_ids, num_experts => " + EXPERTS + ")"))
                .collectAsList();
        double seconds = (System.nanoTime() - start) / 1e9;
        check(rows, expected);
        System.out.println(String.format(
                Locale.ROOT,
                "round %d: %d tokens, %.1f MB of JSON, %.1f MB of ids in %.2f s, %.0f MB/s; heap limit %d MB, peak %d MB",
                round,
                tokens,
                1e-6 * Files.size(file),
                4e-6 * tokens * LAYERS * TOPK,
                seconds,
                1e-6 * Files.size(file) / seconds,
                Runtime.getRuntime().maxMemory() >> 20,
                Machine.peakHeap() >> 20));
    }

    private static void check(List<Row> rows, long[][] expected) {
        for (Row row : rows) {
            List<Long> counts = row.getList(1);
            long[] found = counts.stream().mapToLong(Long::longValue).toArray();
            if (!Arrays.equals(found, expected[row.getInt(0)])) {
                throw new IllegalStateException("layer " + row.getInt(0) + ": counted " + Arrays.toString(found)
                        + ", written " + Arrays.toString(expected[row.getInt(0)]));
            }
        }
        if (rows.size() != LAYERS - DENSE) {
            throw new IllegalStateException(rows.size() + " layers, expected " + (LAYERS - DENSE));
        }
    }
}

package io.sparkmoe.spark.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A record of a long request is decoded in pieces: memory is about its ids as 16-bit numbers, never a String of it. */
final class LargeRecordTest {
    private static final int TOKENS = 10_001;
    private static final int LAYERS = 61;
    private static final int TOPK = 8;
    private static final int EXPERTS = 256;

    @TempDir
    Path folder;

    /** Writes a record piece by piece and returns the counts of each expert in layer 60. */
    private static long[] write(Path file) throws IOException {
        SplittableRandom random = new SplittableRandom(42);
        long[] counts = new long[EXPERTS];
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write("{\"meta_info\":{\"id\":\"long\",\"routed_experts\":\"".getBytes(StandardCharsets.UTF_8));
            byte[] row = new byte[4 * LAYERS * TOPK * 3];
            for (int token = 0; token < TOKENS - 1; token += 3) {
                int rows = Math.min(3, TOKENS - 1 - token);
                for (int i = 0; i < rows * LAYERS * TOPK; i++) {
                    boolean dense = i / TOPK % LAYERS < 3;
                    int id = dense ? 0 : random.nextInt(EXPERTS);
                    row[4 * i] = (byte) id;
                    counts[id] += i / TOPK % LAYERS == 60 ? 1 : 0;
                }
                byte[] whole = rows == 3 ? row : java.util.Arrays.copyOf(row, 4 * rows * LAYERS * TOPK);
                out.write(Base64.getEncoder().encode(whole));
            }
            out.write(("\",\"prompt_tokens\":" + (TOKENS - 1) + ",\"completion_tokens\":1}}\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
        return counts;
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    @Test
    void memoryIsAboutTheNarrowIds() throws IOException {
        Path file = folder.resolve("long.jsonl");
        long[] expected = write(file);
        ModelFacts facts = new ModelFacts(EXPERTS, TOPK, LAYERS, LayerList.parse("moeLayers", "3-60"));
        TraceOptions options = TraceOptions.of(java.util.Map.of("recorder", "sglang", "path", file.toString()));
        long bytes = Files.size(file);
        long narrow = 2L * (TOKENS - 1) * LAYERS * TOPK;
        assertThat(bytes).isGreaterThan(26_000_000);

        Path little = SglangFixture.write(folder, "little.jsonl", "[]");
        Configuration conf = new Configuration();
        // Loads Hadoop's settings and file system, which is not what is measured.
        try (SglangRecords records =
                new SglangRecords(new FileSlice(little.toString(), 0, 3, 3), options, facts, conf)) {
            assertThat(records.next()).isNull();
        }
        long before = allocated();
        try (SglangRecords records =
                new SglangRecords(new FileSlice(file.toString(), 0, bytes, bytes), options, facts, conf)) {
            SglangRecords.Item item = records.next();
            assertThat(item.bad()).isNull();
            assertThat(item.sequence().rows()).isEqualTo(TOKENS - 1);
            assertThat(item.sequence().ids().isWide()).isFalse();
            assertThat(records.next()).isNull();
        }
        assertThat(allocated() - before).isLessThan(narrow + (10 << 20)).isLessThan(bytes);

        long[] counts = new long[EXPERTS];
        TestSpark.session()
                .read()
                .format("moe_trace")
                .options(java.util.Map.of(
                        "recorder", "sglang", "numExperts", "256", "topk", "8", "numLayers", "61", "moeLayers", "3-60"))
                .load(file.toString())
                .where("layer = 60")
                .selectExpr("explode(topk_ids) id")
                .groupBy("id")
                .count()
                .collectAsList()
                .forEach(r -> counts[r.getShort(0)] = r.getLong(1));
        assertThat(counts).containsExactly(expected);
    }
}

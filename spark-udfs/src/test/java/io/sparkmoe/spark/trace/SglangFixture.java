package io.sparkmoe.spark.trace;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.hadoop.io.compress.bzip2.CBZip2OutputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Writes SGLang responses of a small model: 4 layers of which layer 0 is dense, topk 3 of 16 experts. */
final class SglangFixture {
    static final int LAYERS = 4;
    static final int TOPK = 3;
    static final int EXPERTS = 16;

    private SglangFixture() {}

    /** Seeded ids [rows, LAYERS, TOPK]; layer 0 all zeros, the experts of a token distinct. */
    static int[] ids(long seed, int rows) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] ids = new int[rows * LAYERS * TOPK];
        for (int i = 0; i < ids.length; i += TOPK) {
            if (i / TOPK % LAYERS > 0) {
                int first = random.nextInt(EXPERTS);
                for (int k = 0; k < TOPK; k++) {
                    ids[i + k] = (first + 5 * k) % EXPERTS;
                }
            }
        }
        return ids;
    }

    static String base64(int[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(ids);
        return Base64.getEncoder().encodeToString(bytes.array());
    }

    static String base64(int[] ids, int width) {
        byte[] bytes = new byte[width * ids.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (ids[i / width] >>> (8 * (i % width)));
        }
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** A /generate response of the given token counts; {@code more} goes into meta_info behind the payload. */
    static String record(String id, int prompt, int completion, String payload, String more) {
        return "{\"text\":\"x\",\"meta_info\":{\"id\":\"" + id + "\",\"routed_experts\":\"" + payload
                + "\",\"prompt_tokens\":" + prompt + ",\"completion_tokens\":" + completion + more
                + "},\"domain\":\"math\"}";
    }

    /** A good record with seeded ids. */
    static String good(String id, int prompt, int completion) {
        return record(id, prompt, completion, base64(ids(id.hashCode(), prompt + completion - 1)), "");
    }

    /** Compresses into bz2 blocks of 100 kB, the smallest there are. */
    static OutputStream bz2(OutputStream to) throws IOException {
        to.write(new byte[] {'B', 'Z'});
        return new CBZip2OutputStream(to, 1);
    }

    static Path write(Path folder, String name, String... lines) throws IOException {
        return Files.writeString(folder.resolve(name), String.join("\n", lines) + "\n", StandardCharsets.UTF_8);
    }

    static Map<String, String> options(String... pairs) {
        Map<String, String> options = new TreeMap<>(Map.of(
                "recorder",
                "sglang",
                "numLayers",
                "" + LAYERS,
                "moeLayers",
                "1-3",
                "topk",
                "" + TOPK,
                "numExperts",
                "" + EXPERTS));
        for (int i = 0; i < pairs.length; i += 2) {
            options.put(pairs[i], pairs[i + 1]);
        }
        options.values().removeIf(String::isEmpty);
        return options;
    }

    static Dataset<Row> read(Path path, String... pairs) {
        return TestSpark.session()
                .read()
                .format("moe_trace")
                .options(options(pairs))
                .load(path.toString());
    }

    /** All rows as text, sorted, so that two ways of reading can be compared. */
    static List<String> rows(Dataset<Row> trace) {
        return trace.drop("source").toJSON().collectAsList().stream().sorted().toList();
    }
}

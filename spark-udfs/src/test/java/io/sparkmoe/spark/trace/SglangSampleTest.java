package io.sparkmoe.spark.trace;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkmoe.spark.CompressedText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bundled sample against a plain decode of the same file, and against the counts that came with it. */
final class SglangSampleTest {
    private static final int LAYERS = 9;
    private static final int TOPK = 8;
    private static final int EXPERTS = 64;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path folder;

    private static SparkSession spark;
    private static Path sample;
    private static Path openAi;
    private static Path config;

    @BeforeAll
    static void copy() throws IOException {
        spark = TestSpark.session();
        sample = TestSpark.copy("demo/sample_sglang.jsonl.bz2", folder);
        openAi = TestSpark.copy("trace/sample_sglang_openai.jsonl.gz", folder);
        config = TestSpark.copy("demo/config.json", folder);
    }

    private static Dataset<Row> read(Path file) {
        return spark.read()
                .format("moe_trace")
                .option("recorder", "sglang")
                .option("modelConfig", config.toString())
                .load(file.toString());
    }

    private static long[][] counts(Dataset<Row> trace) {
        long[][] counts = new long[LAYERS][EXPERTS];
        trace.selectExpr("layer", "explode(topk_ids) id")
                .groupBy("layer", "id")
                .count()
                .collectAsList()
                .forEach(r -> counts[r.getInt(0)][r.getShort(1)] = r.getLong(2));
        return counts;
    }

    private static List<JsonNode> responses(Path file) throws IOException {
        List<JsonNode> all = new ArrayList<>();
        for (String line : CompressedText.lines(file)) {
            JsonNode node = JSON.readTree(line);
            if (node.isArray()) {
                node.forEach(all::add);
            } else {
                all.add(node);
            }
        }
        return all;
    }

    private static int[] decode(JsonNode response) {
        JsonNode base64 = response.path("meta_info").path("routed_experts");
        if (base64.isMissingNode()) {
            base64 = response.path("sglext").path("routed_experts");
        }
        if (base64.isMissingNode()) {
            base64 = response.path("choices").path(0).path("sgl_ext").path("routed_experts");
        }
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(base64.asText()));
        int[] ids = new int[bytes.remaining() / 4];
        bytes.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(ids);
        return ids;
    }

    private static long[][] plainCounts(Path file) throws IOException {
        long[][] counts = new long[LAYERS][EXPERTS];
        for (JsonNode response : responses(file)) {
            int[] ids = decode(response);
            for (int i = 0; i < ids.length; i++) {
                int layer = i / TOPK % LAYERS;
                if (layer > 0) {
                    counts[layer][ids[i]]++;
                }
            }
        }
        return counts;
    }

    @Test
    void countsEqualAPlainDecode() throws IOException {
        assertThat(counts(read(sample))).isDeepEqualTo(plainCounts(sample));
        assertThat(counts(read(openAi))).isDeepEqualTo(plainCounts(openAi));
    }

    @Test
    void countsEqualTheReference() throws IOException {
        JsonNode reference = JSON.readTree(
                        SglangSampleTest.class.getResourceAsStream("/io/sparkmoe/trace/reference.json"))
                .get("sglang_sample");
        long[][] counts = counts(read(sample));
        assertThat(reference.get("counts_by_layer")).hasSize(LAYERS - 1);
        reference.get("counts_by_layer").properties().forEach(e -> {
            long[] expected = JSON.convertValue(e.getValue(), long[].class);
            assertThat(counts[Integer.parseInt(e.getKey())]).containsExactly(expected);
        });
    }
}

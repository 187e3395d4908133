package io.sparkmoe.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SummaryJsonTest {
    static JsonNode summary(ReportModel model) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SummaryJson.write(model, bytes);
        return new ObjectMapper().readTree(bytes.toByteArray());
    }

    @Test
    void hasTheDocumentedKeys() throws IOException {
        JsonNode summary = summary(SampleReports.recorded());
        assertThat(keys(summary))
                .containsExactlyInAnyOrder(
                        "schema_version",
                        "source",
                        "model",
                        "layers",
                        "overall",
                        "padding",
                        "analyses",
                        "audit",
                        "run",
                        "highlights");
        assertThat(keys(summary.get("source")))
                .containsExactlyInAnyOrder(
                        "inputs",
                        "recorder",
                        "files",
                        "bytes",
                        "rows",
                        "sequences",
                        "tokens",
                        "prefill_tokens",
                        "decode_tokens",
                        "cached_tokens",
                        "cached_excluded",
                        "ids",
                        "masked_ids",
                        "quarantined");
        assertThat(keys(summary.get("model")))
                .containsExactlyInAnyOrder("name", "num_experts", "topk", "moe_layers", "ep_size");
        assertThat(keys(summary.get("padding").get(0)))
                .containsExactlyInAnyOrder(
                        "layer", "phase", "tokens_per_pass", "block_size", "passes", "blocks", "slots", "used");
        assertThat(keys(summary.get("run")))
                .containsExactlyInAnyOrder(
                        "spark_moe_version",
                        "spark_version",
                        "java_version",
                        "backend",
                        "created_at",
                        "seconds",
                        "command");
        assertThat(keys(summary.get("highlights")))
                .containsExactlyInAnyOrder(
                        "most_imbalanced_layers", "median_imbalance", "hottest_experts", "idle_experts", "block_sizes");
    }

    @Test
    void countsAreExactAndUndefinedMetricsNull() throws IOException {
        ReportModel.Layer layer = SampleReports.layer(3, Long.MAX_VALUE / 8, 1, 0, 5);
        layer.metrics().put("gini", Double.NaN);
        JsonNode written = summary(SampleReports.model("m", List.of(layer), List.of()))
                .get("layers")
                .get(0);
        assertThat(LongStream.range(0, 4)
                        .map(e -> written.get("counts").get((int) e).asLong()))
                .containsExactly(Long.MAX_VALUE / 8, 1L, 0L, 5L);
        assertThat(written.get("metrics").get("gini").isNull()).isTrue();
        assertThat(written.get("metrics").get("rank_imbalance_max_mean").isNull())
                .isTrue();
    }

    @Test
    void highlightsFollowTheCounts() throws IOException {
        JsonNode highlights = summary(SampleReports.model(
                        "m",
                        List.of(
                                SampleReports.layer(1, 4, 4, 4, 4),
                                SampleReports.layer(2, 1, 0, 6, 1),
                                SampleReports.layer(5, 2, 2, 0, 4)),
                        List.of()))
                .get("highlights");
        JsonNode hottest = highlights.get("hottest_experts");
        assertThat(hottest.get(0).get("layer").asInt()).isEqualTo(2);
        assertThat(hottest.get(0).get("expert").asInt()).isEqualTo(2);
        assertThat(hottest.get(0).get("share").asDouble()).isEqualTo(0.75);
        assertThat(hottest.get(0).get("times_uniform").asDouble()).isEqualTo(3.0);
        assertThat(hottest).hasSize(10);
        assertThat(highlights.get("most_imbalanced_layers").findValuesAsText("layer"))
                .containsExactly("2", "5", "1");
        assertThat(highlights.get("median_imbalance").asDouble()).isEqualTo(2.0);
        assertThat(highlights.get("idle_experts").asInt()).isEqualTo(2);
    }

    private static List<String> keys(JsonNode node) {
        List<String> keys = new ArrayList<>();
        node.fieldNames().forEachRemaining(keys::add);
        return keys;
    }
}

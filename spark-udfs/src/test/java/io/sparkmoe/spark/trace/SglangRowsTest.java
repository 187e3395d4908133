package io.sparkmoe.spark.trace;

import static io.sparkmoe.spark.trace.SglangFixture.LAYERS;
import static io.sparkmoe.spark.trace.SglangFixture.TOPK;
import static io.sparkmoe.spark.trace.SglangFixture.base64;
import static io.sparkmoe.spark.trace.SglangFixture.good;
import static io.sparkmoe.spark.trace.SglangFixture.ids;
import static io.sparkmoe.spark.trace.SglangFixture.read;
import static io.sparkmoe.spark.trace.SglangFixture.record;
import static io.sparkmoe.spark.trace.SglangFixture.write;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a good response becomes. */
final class SglangRowsTest {
    @TempDir
    Path folder;

    private static Short[] expected(int[] ids, int start, int layer, int first, int tokens) {
        return IntStream.range(0, tokens * TOPK)
                .mapToObj(i -> (short) ids[((first - start + i / TOPK) * LAYERS + layer) * TOPK + i % TOPK])
                .toArray(Short[]::new);
    }

    @Test
    void blocksAreCutAtMultiplesAndWherePhaseOrCacheChanges() throws IOException {
        int[] ids = ids(7, 40 + 30 - 1 - 5);
        String more = ",\"cached_tokens\":10,\"routed_experts_start_len\":5,\"weight_version\":\"w1\"";
        Path file = write(folder, "a.jsonl", record("r", 40, 30, base64(ids), more));
        List<Row> rows = read(file, "maxTokensPerRow", "16")
                .select("first_position", "num_tokens", "phase", "layer", "attributes", "topk_ids")
                .collectAsList();
        int[][] blocks = {{5, 5}, {10, 6}, {16, 16}, {32, 8}, {40, 8}, {48, 16}, {64, 5}};
        assertThat(rows).hasSize(blocks.length * 3);
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            int[] block = blocks[i / 3];
            int layer = 1 + i % 3;
            assertThat(List.of(row.getInt(0), row.getInt(1), row.getString(2), row.getInt(3)))
                    .isEqualTo(List.of(block[0], block[1], block[0] < 40 ? "prefill" : "decode", layer));
            assertThat(row.getJavaMap(4).get("cached")).isEqualTo(block[0] < 10 ? "true" : null);
            assertThat(row.<Short>getList(5)).containsExactly(expected(ids, 5, layer, block[0], block[1]));
        }
    }

    @Test
    void everyColumnIsFilledOrNull() throws IOException {
        Path file = write(folder, "a.jsonl", record("r-1", 2, 1, base64(ids(1, 2)), ",\"weight_version\":\"w7\""));
        Row row = read(file).where("layer = 2").collectAsList().get(0);
        assertThat(row.<String>getAs("source"))
                .isEqualTo(file.toUri().toString().replace("///", "/"));
        assertThat(row.<String>getAs("request_id")).isEqualTo("r-1");
        assertThat(row.<Integer>getAs("choice")).isZero();
        assertThat(row.<String>getAs("checkpoint")).isEqualTo("w7");
        assertThat(row.<Integer>getAs("num_experts")).isEqualTo(16);
        assertThat(row.<Integer>getAs("topk")).isEqualTo(3);
        assertThat(row.<String>getAs("slot_order")).isEqualTo("unspecified");
        assertThat(row.<String>getAs("id_space")).isEqualTo("logical");
        assertThat(row.getJavaMap(row.fieldIndex("attributes"))).hasToString("{domain=math, engine=sglang}");
        for (String name : List.of("step", "rank", "topk_weights", "token_ids", "bad")) {
            assertThat(row.<Object>getAs(name)).as(name).isNull();
        }
    }

    @Test
    void anArrayIsOneChoiceAnElementAndARecordMayBeAnything() throws IOException {
        String array = "[" + good("a", 3, 4) + "," + good("b", 3, 2) + "]";
        Path file = write(folder, "a.jsonl", "", array, "  ", good("c", 1, 1));
        Dataset<Row> trace = read(file)
                .where("layer = 1")
                .selectExpr("request_id", "choice", "sum(num_tokens) over" + " (partition by request_id, choice) n")
                .distinct()
                .orderBy("request_id");
        assertThat(trace.collectAsList())
                .containsExactly(
                        RowFactory.create("a", 0, 6L), RowFactory.create("b", 1, 4L), RowFactory.create("c", 0, 1L));
    }

    @ParameterizedTest
    @ValueSource(strings = {"uint8", "uint16", "int32"})
    void aNamedDtypeMayStandBeforeOrBehindThePayload(String dtype) throws IOException {
        int[] ids = ids(3, 9);
        String payload = base64(ids, dtype.equals("uint8") ? 1 : dtype.equals("uint16") ? 2 : 4);
        String named = ",\"routed_experts_dtype\":\"" + dtype + "\"";
        String behind = record("r", 5, 5, payload, named);
        String before =
                behind.replace(named, "").replace("\"routed_experts\"", named.substring(1) + ",\"routed_experts\"");
        Path file = write(folder, dtype + ".jsonl", before, behind);
        List<Row> rows = read(file)
                .where("phase = 'decode' and layer = 3")
                .select("topk_ids")
                .collectAsList();
        assertThat(rows).hasSize(2);
        for (Row row : rows) {
            assertThat(row.<Short>getList(0)).containsExactly(expected(ids, 0, 3, 5, 4));
        }
    }

    @Test
    void choicesOfAnOpenAiResponseEachHoldTheirRouting() throws IOException {
        String choice = "{\"index\":%d,\"message\":{},\"sgl_ext\":{\"routed_experts\":\"%s\"}}";
        String response = "{\"id\":\"chat\",\"choices\":[" + String.format(choice, 0, base64(ids(1, 5))) + ","
                + String.format(choice, 1, base64(ids(2, 8))) + "],\"usage\":{\"prompt_tokens\":4,"
                + "\"completion_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":2}},"
                + "\"metadata\":{\"weight_version\":\"w\"}}";
        Path file = write(folder, "a.jsonl", response);
        List<Row> rows = read(file)
                .where("layer = 1")
                .groupBy("choice", "checkpoint")
                .agg(org.apache.spark.sql.functions.expr("sum(num_tokens)"))
                .orderBy("choice")
                .collectAsList();
        assertThat(rows).containsExactly(RowFactory.create(0, "w", 5L), RowFactory.create(1, "w", 8L));
    }

    @Test
    void aPayloadInBothPlacesCountsOnce() throws IOException {
        String payload = "{\"routed_experts\":\"" + base64(ids(1, 5)) + "\"}";
        String response = "{\"id\":\"chat\",\"score\":NaN,\"choices\":[{\"sgl_ext\":" + payload + "}],\"sglext\":"
                + payload + ",\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}";
        Path file = write(folder, "a.jsonl", response);
        assertThat(read(file)
                        .where("layer = 1")
                        .selectExpr("sum(num_tokens)")
                        .head()
                        .getLong(0))
                .isEqualTo(5);
    }

    @Test
    void tokenIdsComeOnlyOnRequest() throws IOException {
        String line =
                good("r", 3, 2).replace("{\"text\"", "{\"prompt_token_ids\":[5,6,7],\"output_ids\":[8,9],\"text\"");
        Path file = write(folder, "a.jsonl", line, line.replace("\"prompt_token_ids\":[5,6,7],", ""));
        assertThat(read(file).where("token_ids is not null").count()).isZero();
        List<Row> rows = read(file, "tokenIds", "true")
                .where("layer = 1")
                .select("phase", "token_ids")
                .collectAsList();
        assertThat(rows.stream().map(Row::toString))
                .containsExactly(
                        "[prefill,ArraySeq(5, 6, 7)]",
                        "[decode,ArraySeq(8)]",
                        "[prefill,null]",
                        "[decode,ArraySeq(8)]");
    }

    @Test
    void idsAreNarrowUntilTheModelIsTooWide() throws IOException {
        Path file = write(folder, "a.jsonl", good("r", 3, 2));
        assertThat(read(file).schema().apply("topk_ids").dataType().simpleString())
                .isEqualTo("array<smallint>");
        Dataset<Row> wide = read(file, "numExperts", "70000");
        assertThat(wide.schema().apply("topk_ids").dataType().simpleString()).isEqualTo("array<int>");
        assertThat(wide.selectExpr("cast(topk_ids as array<smallint>)").collectAsList())
                .isEqualTo(read(file).select("topk_ids").collectAsList());
    }

    @Test
    void maskedIdsAreKept() throws IOException {
        int[] ids = ids(1, 4);
        ids[TOPK] = -1;
        Path file = write(folder, "a.jsonl", record("r", 3, 2, base64(ids), ""));
        assertThat(read(file)
                        .where("layer = 1 and phase = 'prefill'")
                        .select("topk_ids")
                        .head()
                        .<Short>getList(0)
                        .get(0))
                .isEqualTo((short) -1);
    }
}

package io.sparkmoe.spark.trace;

import static io.sparkmoe.spark.trace.SglangFixture.base64;
import static io.sparkmoe.spark.trace.SglangFixture.good;
import static io.sparkmoe.spark.trace.SglangFixture.ids;
import static io.sparkmoe.spark.trace.SglangFixture.read;
import static io.sparkmoe.spark.trace.SglangFixture.record;
import static io.sparkmoe.spark.trace.SglangFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad input is named (file, record, position, range, value, remedy) or marked, and nothing beside it is lost. */
final class SglangBadInputTest {
    @TempDir
    Path folder;

    private static int[] with(int[] ids, int at, int value) {
        int[] changed = ids.clone();
        changed[at] = value;
        return changed;
    }

    static Stream<Arguments> badRecords() {
        int[] ids = ids(5, 6);
        String fine = base64(ids);
        return Stream.of(
                Arguments.of("id_range", record("r", 4, 3, base64(with(ids, 17, 16)), ""), "16", "0 to 15"),
                Arguments.of("id_range", record("r", 4, 3, base64(with(ids, 17, 70000)), ""), "70000", "0 to 15"),
                Arguments.of("id_range", record("r", 4, 3, base64(with(ids, 17, -2)), ""), "-2", "0 to 15"),
                Arguments.of("topk", record("r", 4, 2, base64(Arrays.copyOf(ids, 40)), ""), "2 ids", "topk = 3"),
                Arguments.of(
                        "layers", record("r", 4, 3, base64(Arrays.copyOf(ids, 90)), ""), "5 layers", "numLayers = 4"),
                Arguments.of("layers", record("r", 4, 3, base64(with(ids, 1, 3)), ""), "3", "layer 0 is none of"),
                Arguments.of(
                        "payload_length", record("r", 4, 3, base64(Arrays.copyOf(ids, 71)), ""), "71 ids", "4 * 3"),
                Arguments.of(
                        "payload_length",
                        record("r", 4, 3, base64(ids, 4).substring(0, 380) + "AA==", ""),
                        "286",
                        "4 bytes"),
                Arguments.of(
                        "base64",
                        record("r", 4, 3, fine.substring(0, 40) + "*" + fine.substring(41), ""),
                        "*",
                        "base64"),
                Arguments.of("base64", record("r", 4, 3, fine + "A", ""), "", "base64"),
                Arguments.of("row_count", record("r", 4, 4, fine, ""), "6 rows", "7 rows"),
                Arguments.of("row_count", record("r", 1, 2, fine, ""), "6 rows", "2 rows"),
                Arguments.of("not_json", "this is no JSON", "this", "JSON"),
                Arguments.of("not_json", good("r", 1, 1) + " 5", "VALUE_NUMBER_INT", "one JSON value a line"),
                Arguments.of("not_json", "\0\0\0no text", "", "JSON"),
                Arguments.of("not_json", "[3]", "VALUE_NUMBER_INT", "object"),
                Arguments.of("not_json", good("r", 3, 3).substring(0, 60), "end-of-input", "JSON"),
                Arguments.of("missing_field", "{\"meta_info\":{\"prompt_tokens\":1}}", "nothing", "routed_experts"),
                Arguments.of(
                        "missing_field", good("r", 3, 3).replace("prompt_tokens", "other"), "nothing", "prompt_tokens"),
                Arguments.of(
                        "missing_field",
                        good("r", 3, 3).replace("completion_tokens", "other"),
                        "nothing",
                        "completion_tokens"),
                Arguments.of("field_value", good("r", 3, 3).replace(":3}", ":-3}"), "-3", "from 0"),
                Arguments.of("field_value", good("r", 3, 3).replace(":3}", ":\"3\"}"), "3", "whole number"),
                Arguments.of("field_value", record("r", 4, 3, fine, ",\"cached_tokens\":5"), "5", "prompt_tokens = 4"),
                Arguments.of(
                        "unknown_dtype",
                        record("r", 4, 3, fine, ",\"routed_experts_dtype\":\"int64\""),
                        "int64",
                        "uint8"));
    }

    @ParameterizedTest
    @MethodSource("badRecords")
    void aBadRecordStopsTheJobOrIsMarked(String reason, String line, String value, String allowed) throws IOException {
        Path file = write(folder, "a.jsonl", good("one", 3, 3), line, good("two", 2, 2));
        assertThatThrownBy(() -> read(file).count())
                .hasRootCauseInstanceOf(TraceFormatException.class)
                .rootCause()
                .hasMessageContainingAll(file.toString(), "record 2", reason, value, allowed, "onBadRows");

        List<Row> bad = read(file, "onBadRows", "mark")
                .where("bad is not null")
                .selectExpr("topk_ids", "bad.*", "layer", "num_experts")
                .collectAsList();
        assertThat(bad).hasSize(1);
        Row row = bad.get(0);
        assertThat(row.isNullAt(0)).isTrue();
        assertThat(row.<String>getAs("reason")).isEqualTo(reason);
        assertThat(row.<Long>getAs("record")).isEqualTo(2);
        assertThat(row.<String>getAs("value")).contains(value);
        assertThat(row.<String>getAs("allowed")).contains(allowed);
        assertThat(new String(row.<byte[]>getAs("bytes"), StandardCharsets.UTF_8))
                .isEqualTo(line);
        assertThat(read(file, "onBadRows", "mark")
                        .where("bad is null")
                        .select("request_id")
                        .distinct()
                        .count())
                .isEqualTo(2 + (line.contains(" 5") ? 1 : 0));
    }

    @Test
    void rowsThatWouldFitAnotherStartSaySo() throws IOException {
        Path file = write(folder, "a.jsonl", record("r", 10, 5, base64(ids(1, 9)), ""));
        assertThatThrownBy(() -> read(file).count())
                .rootCause()
                .hasMessageContaining("would fit a start of 5 instead of 0");
        assertThat(read(file, "startLen", "5")
                        .where("layer = 1")
                        .selectExpr("min(first_position)", "sum(num_tokens)")
                        .head())
                .hasToString("[5,9]");
    }

    @Test
    void theOtherSamplesOfAnArrayAreKept() throws IOException {
        String wrong = good("b", 3, 2).replace("\"completion_tokens\":2", "\"completion_tokens\":4");
        Path file = write(folder, "a.jsonl", "[" + good("a", 3, 2) + "," + wrong + "," + good("c", 3, 2) + "]");
        assertThat(read(file, "onBadRows", "mark")
                        .where("layer = 1")
                        .select("request_id", "choice", "bad.reason")
                        .distinct()
                        .orderBy("choice")
                        .collectAsList())
                .extracting(Row::toString)
                .containsExactly("[a,0,null]", "[null,1,row_count]", "[c,2,null]");
    }

    private Path truncatedGz(int keep) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gz = new GZIPOutputStream(bytes, true)) {
            for (int i = 0; i < 20; i++) {
                gz.write((good("r" + i, 300, 3) + "\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        return Files.write(
                folder.resolve("cut.jsonl.gz"), Arrays.copyOf(bytes.toByteArray(), bytes.size() * keep / 100));
    }

    @Test
    void aTruncatedGzLosesNothingBeforeItsEnd() throws IOException {
        Path file = truncatedGz(50);
        List<Row> rows = read(file, "onBadRows", "mark")
                .where("layer = 1")
                .select("request_id", "bad")
                .collectAsList();
        List<Row> bad = rows.stream().filter(r -> !r.isNullAt(1)).toList();
        long whole = rows.stream()
                .filter(r -> r.isNullAt(1))
                .map(r -> r.getString(0))
                .distinct()
                .count();
        assertThat(bad).hasSize(1);
        assertThat(whole).isBetween(8L, 11L);
        assertThat(bad.get(0).getStruct(1).<String>getAs("reason")).isEqualTo("truncated");
        assertThat(bad.get(0).getStruct(1).<Long>getAs("record")).isEqualTo(whole + 1);
        assertThatThrownBy(() -> read(file).count()).rootCause().hasMessageContainingAll("cut.jsonl.gz", "truncated");
    }

    @Test
    void aShortTruncatedGzIsReadToItsEnd() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gz = new GZIPOutputStream(bytes, true)) {
            gz.write("[3]\n".getBytes(StandardCharsets.UTF_8));
            gz.flush();
            gz.write("[4]\n".getBytes(StandardCharsets.UTF_8));
        }
        Path file = Files.write(folder.resolve("short.gz"), Arrays.copyOf(bytes.toByteArray(), bytes.size() - 14));
        assertThat(read(file, "onBadRows", "mark")
                        .selectExpr("bad.record", "bad.reason")
                        .collectAsList())
                .extracting(Row::toString)
                .containsExactly("[1,not_json]", "[2,truncated]");
    }

    @Test
    void aTruncatedBz2LosesNoBlockBeforeItsEnd() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long firstBlock = 0;
        try (OutputStream out = SglangFixture.bz2(bytes)) {
            for (int i = 0, written = 0; written < 150_000; i++) {
                byte[] line = (good("r" + i, 100, 3) + "\n").getBytes(StandardCharsets.UTF_8);
                out.write(line);
                written += line.length;
                firstBlock += written < 99_000 ? 1 : 0;
            }
        }
        Path file = Files.write(folder.resolve("cut.bz2"), Arrays.copyOf(bytes.toByteArray(), bytes.size() - 100));
        Dataset<Row> rows = read(file, "onBadRows", "mark");
        assertThat(rows.select("request_id")
                        .where("request_id is not null")
                        .distinct()
                        .count())
                .isGreaterThanOrEqualTo(firstBlock);
        assertThat(rows.where("bad is not null").selectExpr("bad.reason").collectAsList())
                .extracting(r -> r.getString(0))
                .containsAnyOf("truncated", "corrupt")
                .hasSize(1);
    }

    @Test
    void compressedDataThatIsNoneIsMarked() throws IOException {
        for (String name : List.of("a.gz", "b.bz2", "c.zst")) {
            Path file =
                    Files.writeString(folder.resolve(name), "this is not compressed at all, whatever its name says");
            assertThat(read(file, "onBadRows", "mark").selectExpr("bad.reason").collectAsList())
                    .as(name)
                    .hasSize(1)
                    .allMatch(r -> List.of("corrupt", "truncated", "empty_file").contains(r.getString(0)));
        }
    }

    @Test
    void aPlainFileThatStopsInARecordIsTruncated() throws IOException {
        Path file = Files.writeString(
                folder.resolve("a.jsonl"),
                good("a", 3, 2) + "\n" + good("b", 3, 2).substring(0, 99));
        assertThat(read(file, "onBadRows", "mark")
                        .where("bad is not null")
                        .selectExpr("bad.reason", "bad.record")
                        .head())
                .hasToString("[truncated,2]");
    }

    @Test
    void emptyFilesAreNamed() throws IOException {
        for (String name : List.of("a.jsonl", "b.jsonl.gz", "c.jsonl.bz2", "d.jsonl.zst")) {
            Path file = Files.createFile(folder.resolve(name));
            assertThatThrownBy(() -> read(file).count()).rootCause().hasMessageContainingAll(name, "empty_file");
            assertThat(read(file, "onBadRows", "mark")
                            .selectExpr("bad.reason")
                            .head()
                            .getString(0))
                    .isEqualTo("empty_file");
        }
        Path blank = Files.writeString(folder.resolve("e.jsonl"), "\n  \n");
        assertThat(read(blank, "onBadRows", "mark")
                        .selectExpr("bad.reason")
                        .head()
                        .getString(0))
                .isEqualTo("empty_file");
    }

    @Test
    void noInputMatched() {
        assertThatThrownBy(() -> read(folder.resolve("*.nothing")).count())
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContainingAll("No input matched", "*.nothing");
    }

    @Test
    void anAllZeroLayerWithoutALayerListStopsTheJob() throws IOException {
        Path file = write(folder, "a.jsonl", good("a", 30, 2), good("b", 30, 2));
        for (String onBadRows : List.of("fail", "mark")) {
            assertThatThrownBy(() ->
                            read(file, "moeLayers", "", "onBadRows", onBadRows).count())
                    .rootCause()
                    .isInstanceOf(TraceFormatException.class)
                    .hasMessageContainingAll(file.toString(), "layers 0 ", "moeLayers", "modelConfig");
        }
    }

    @Test
    void aLayerThatIsZeroInOneRecordOnlyIsRead() throws IOException {
        int[] ids = ids(9, 4);
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i / 3 % 4 == 0 ? 1 + i % 3 : ids[i];
        }
        Path file = write(folder, "a.jsonl", good("a", 3, 2), record("b", 3, 2, base64(ids), ""));
        assertThat(read(file, "moeLayers", "").select("layer").distinct().count())
                .isEqualTo(4);
    }

    @Test
    void optionsOutOfRangeAreNamed() {
        String[][] wrong = {
            {"numExperts", "0"}, {"numExperts", "-3"}, {"topk", "0"}, {"topk", "17"}, {"numLayers", "0"},
            {"numLayers", "three"}, {"moeLayers", "4"}, {"moeLayers", "3-1"}, {"moeLayers", "a"}, {"startLen", "-1"},
            {"maxTokensPerRow", "0"}, {"onBadRows", "skip"}, {"recorder", "vllm"}, {"tokenIds", "yes"}
        };
        for (String[] option : wrong) {
            assertThatThrownBy(() -> read(folder, option))
                    .as(Arrays.toString(option))
                    .isInstanceOf(TraceFormatException.class)
                    .hasMessageContainingAll(option[0], option[1]);
        }
        for (String needed : List.of("numExperts", "topk", "numLayers", "recorder")) {
            assertThatThrownBy(() -> read(folder, needed, ""))
                    .isInstanceOf(TraceFormatException.class)
                    .hasMessageContaining(needed);
        }
    }
}

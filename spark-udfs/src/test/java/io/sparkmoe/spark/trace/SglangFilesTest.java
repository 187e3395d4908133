package io.sparkmoe.spark.trace;

import static io.sparkmoe.spark.trace.SglangFixture.good;
import static io.sparkmoe.spark.trace.SglangFixture.read;
import static io.sparkmoe.spark.trace.SglangFixture.rows;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same records give the same rows however they are stored and cut. */
final class SglangFilesTest {
    @TempDir
    Path folder;

    private final List<String> lines = new ArrayList<>();
    private Path plain;
    private List<String> expected;

    @BeforeEach
    void writePlain() throws IOException {
        for (int i = 0; i < 60; i++) {
            lines.add(good("request-" + i, 1 + i * 7 % 90, 1 + i % 5));
        }
        lines.add(17, "broken");
        lines.add(44, "");
        lines.add(45, "{\"also\": \"broken\"");
        plain = SglangFixture.write(folder, "plain.jsonl", lines.toArray(String[]::new));
        expected = rows(marked(plain));
        assertThat(expected).hasSizeGreaterThan(300).anyMatch(r -> r.contains("\"record\":18"));
    }

    @AfterEach
    void restore() {
        TestSpark.session().conf().unset("spark.sql.files.maxPartitionBytes");
        TestSpark.session().conf().unset("spark.sql.files.openCostInBytes");
    }

    private static Dataset<Row> marked(Path path) {
        return read(path, "onBadRows", "mark");
    }

    private static Dataset<Row> split(Path path, long bytes) {
        TestSpark.session().conf().set("spark.sql.files.maxPartitionBytes", bytes);
        TestSpark.session().conf().set("spark.sql.files.openCostInBytes", 0);
        return marked(path);
    }

    private byte[] content() throws IOException {
        return Files.readAllBytes(plain);
    }

    @Test
    void plainFilesSplitAtLineEnds() throws IOException {
        for (long bytes : new long[] {4096, content().length / 2}) {
            Dataset<Row> trace = split(plain, bytes);
            assertThat(trace.rdd().getNumPartitions()).isGreaterThan(1);
            assertThat(rows(trace)).as("splits of %d bytes", bytes).isEqualTo(expected);
        }
    }

    @Test
    void bz2SplitsToo() throws IOException {

        List<String> of = new ArrayList<>();
        for (int copy = 0; copy < 6; copy++) {
            of.addAll(lines);
        }
        byte[] many = (String.join("\n", of) + "\n").getBytes(StandardCharsets.UTF_8);
        Path large = Files.write(folder.resolve("large.jsonl"), many);
        List<String> all = rows(marked(large));
        Path packed = folder.resolve("large.jsonl.bz2");
        try (OutputStream out = SglangFixture.bz2(Files.newOutputStream(packed))) {
            out.write(many);
        }
        assertThat(rows(marked(packed))).isEqualTo(all);
        for (long parts : new long[] {2, 5}) {
            Dataset<Row> trace = split(packed, Files.size(packed) / parts);
            assertThat(trace.rdd().getNumPartitions()).isGreaterThan(1);
            assertThat(rows(trace)).as("%d parts", parts).isEqualTo(all);
        }
    }

    @Test
    void gzAndZstGoWhole() throws IOException {
        try (OutputStream gz = new GZIPOutputStream(Files.newOutputStream(folder.resolve("a.jsonl.gz")))) {
            gz.write(content());
        }
        try (OutputStream zst = new ZstdOutputStream(Files.newOutputStream(folder.resolve("a.jsonl.zst")))) {
            zst.write(content());
        }
        for (String name : List.of("a.jsonl.gz", "a.jsonl.zst")) {
            Dataset<Row> trace = split(folder.resolve(name), 1000);
            assertThat(trace.rdd().getNumPartitions()).isEqualTo(1);
            assertThat(rows(trace)).as(name).isEqualTo(expected);
        }
    }

    @Test
    void manySmallFilesArePackedIntoTasks() throws IOException {
        Path many = Files.createDirectories(folder.resolve("many/deep"));
        for (int i = 0; i < lines.size(); i++) {
            Files.writeString(many.resolve("f" + i + ".jsonl"), lines.get(i).isEmpty() ? "[]" : lines.get(i));
        }
        Files.writeString(many.resolve("_SUCCESS"), "");
        Dataset<Row> trace = split(folder.resolve("many"), content().length / 3);
        assertThat(trace.rdd().getNumPartitions()).isBetween(3, 6);
        assertThat(trace.where("bad is null").select("source").distinct().count())
                .isEqualTo(60);
        assertThat(rows(trace.where("bad is null")))
                .isEqualTo(rows(marked(plain).where("bad is null")));
    }

    @Test
    void aDocumentOverSeveralLinesIsReadWhole() throws IOException {
        String pretty = "[\n" + String.join(",\n", lines.get(0), lines.get(1), "7", lines.get(2)) + "\n]\n";
        Path document = Files.writeString(folder.resolve("a.json"), pretty);
        Dataset<Row> trace = marked(document);
        assertThat(trace.where("bad is null")
                        .selectExpr("request_id", "choice")
                        .distinct()
                        .orderBy("choice")
                        .collectAsList())
                .extracting(Row::toString)
                .containsExactly("[request-0,0]", "[request-1,1]", "[request-2,3]");
        assertThat(trace.where("bad is not null")
                        .selectExpr("bad.reason", "choice")
                        .head())
                .hasToString("[not_json,2]");
        List<String> whole = rows(trace);
        for (long bytes : new long[] {100, 1000}) {
            assertThat(rows(split(document, bytes))).isEqualTo(whole);
        }
        String one = lines.get(0).replace(",", ",\n ").replace("{", "{\n");
        Path single = Files.writeString(folder.resolve("b.json"), one);
        assertThat(rows(marked(single)))
                .isEqualTo(rows(marked(Files.writeString(folder.resolve("c.json"), lines.get(0)))));
    }

    @Test
    void globsListsAndFoldersAreInputs() throws IOException {
        Path a = SglangFixture.write(folder, "in-a.jsonl", lines.get(0));
        Path b = SglangFixture.write(folder, "in-b.jsonl", lines.get(1));
        Dataset<Row> glob = read(folder.resolve("in-*.jsonl"));
        Dataset<Row> list = TestSpark.session()
                .read()
                .format("moe_trace")
                .options(SglangFixture.options())
                .load(a.toString(), b.toString());
        assertThat(rows(list)).isEqualTo(rows(glob)).hasSizeGreaterThan(3);
        assertThat(Arrays.asList(
                        glob.select("source").distinct().count(),
                        list.select("source").distinct().count()))
                .containsExactly(2L, 2L);
    }
}

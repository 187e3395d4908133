package io.sparkmoe.spark.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.spark.flame.FlameRouting;
import io.sparkmoe.spark.flame.FlameTraces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of the FLAME layout that do not fit: an error that says where, or marked rows that leave the rest alone. */
final class FlameBadInputTest {
    private static final int ROWS = 2500;

    @TempDir
    Path folder;

    private final SparkSession spark = TestSpark.session();
    private FlameTraces traces;

    @BeforeEach
    void write() throws IOException {
        traces = new FlameTraces(folder, new FlameRouting(3, 64, 6), ROWS, 1000);
        traces.writeLayer(10, 0, 2);
        traces.writeLayer(10, 0, 3);
    }

    @AfterEach
    void everythingGoesBack() {
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    private Dataset<Row> read(String... pairs) {
        var reader = spark.read().format("moe_trace").option("recorder", "flame");
        for (int i = 0; i < pairs.length; i += 2) {
            reader = reader.option(pairs[i], pairs[i + 1]);
        }
        return reader.load(folder.toString());
    }

    /** Writes a layer of 2,500 rows by a query over {@code id}; Spark names a list's parts as Arrow's writer does. */
    private Path layer(int layer, String... columns) throws IOException {
        Path to = traces.layerFile(10, layer);
        Path written = folder.resolve("_written");
        spark.range(0, ROWS, 1, 1).selectExpr(columns).write().mode("overwrite").parquet(written.toString());
        try (Stream<Path> files = Files.list(written)) {
            Files.copy(
                    files.filter(f -> f.toString().endsWith(".parquet"))
                            .findFirst()
                            .orElseThrow(),
                    to,
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        }
        Files.deleteIfExists(to.resolveSibling("." + to.getFileName() + ".crc"));
        return to;
    }

    private static String ids(String list) {
        return "cast(" + list + " as array<smallint>) indices";
    }

    /** Fails on the first bad file, and marks it in the other mode: (layer, reason, record, value) of the marked rows. */
    private List<String> refusedOrMarked(Dataset<Row> strict, Dataset<Row> marked, String... message) {
        assertThatThrownBy(strict::collectAsList)
                .satisfies(e -> assertThat(rootOf(e))
                        .isInstanceOf(TraceFormatException.class)
                        .hasMessageContainingAll(message));
        return marked
                .where("bad is not null")
                .selectExpr("layer", "first_position", "bad.reason", "bad.record", "bad.value", "topk_ids is null")
                .collectAsList()
                .stream()
                .map(r -> r.mkString("|"))
                .toList();
    }

    private static Throwable rootOf(Throwable e) {
        return e.getCause() == null ? e : rootOf(e.getCause());
    }

    @Test
    void aListThatIsNotTopkLongMarksItsBlockAlone() throws IOException {
        Path file = layer(
                4,
                ids("case when id = 1030 then array(1, 2, 3, 4, 5, 6, 7) when id = 1031 then array(1) else "
                        + "array(id % 60, 60, 61, 62, 63, null) end"));
        assertThat(refusedOrMarked(
                        read(),
                        read("onBadRows", "mark"),
                        file.toString(),
                        "record 1030",
                        "topk",
                        "7 ids: 1, 2, 3, 4, 5, 6, 7",
                        "allowed: 6 indices"))
                .containsExactly("4|1024|topk|1030|7 ids: 1, 2, 3, 4, 5, 6, 7|true");
        Dataset<Row> good = read("onBadRows", "mark").where("bad is null");
        assertThat(good.count()).isEqualTo(3 * 3 - 1);
        // Of block [2048, 2500): ids of its first token, and NULL, which is a route that is not known.
        assertThat(good.where("layer = 4 and first_position = 2048")
                        .selectExpr("num_tokens", "slice(topk_ids, 1, 6)")
                        .first())
                .hasToString("[452,ArraySeq(" + 2048 % 60 + ", 60, 61, 62, 63, -1)]");
        assertThat(read("onBadRows", "mark")
                        .selectExpr("bad.reason")
                        .where("reason is not null")
                        .count())
                .isEqualTo(1);
        assertThat(read("onBadRows", "mark")
                        .where("layer < 4 and bad is not null")
                        .count())
                .isZero();
    }

    @Test
    void nullListsAreBad() throws IOException {
        layer(4, ids("if(id = 7, null, array(1, 2, 3, 4, 5, 6))"));
        assertThat(refusedOrMarked(read(), read("onBadRows", "mark"), "layer_04.parquet: record 7", "NULL"))
                .containsExactly("4|0|topk|7|NULL|true");
    }

    @Test
    void filesWithoutScoresHaveNoWeights() throws IOException {
        layer(4, ids("array(1, 2, 3, 4, 5, 6)"));
        assertThat(read().groupBy("layer")
                        .agg(org.apache.spark.sql.functions.expr("count(topk_weights)"))
                        .orderBy("layer")
                        .collectAsList())
                .hasToString("[[2,3], [3,3], [4,0]]");
        layer(4, ids("array(1, 2, 3, 4, 5, 6)"), "array(1.5D) scores");
        assertThat(refusedOrMarked(
                        read().select("layer"),
                        read("onBadRows", "mark"),
                        "layer_04.parquet",
                        "column scores",
                        "list<float16>"))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("4|null|columns|null|");
        assertThat(read("onBadRows", "mark").count()).isEqualTo(7);
    }

    @Test
    void layersThatDoNotLineUpAreNotRead() throws IOException {
        new FlameTraces(folder, new FlameRouting(3, 64, 6), ROWS - 1, 1000).writeLayer(10, 0, 4);
        assertThat(refusedOrMarked(
                        read(),
                        read("onBadRows", "mark"),
                        "layer_04.parquet",
                        "rows_unequal",
                        "Seen: 2499 rows",
                        "allowed: 2500 rows"))
                .containsExactly("4|null|rows_unequal|null|2499 rows|true");
        assertThat(read("onBadRows", "mark")
                        .where("bad is null")
                        .select("layer")
                        .distinct()
                        .count())
                .isEqualTo(2);
        assertThat(read().where("layer < 4").count()).isEqualTo(6);
    }

    @Test
    void filesThatAreNoneOfParquetsAreNamed() throws IOException {
        Files.writeString(
                traces.layerFile(10, 5), "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        assertThat(refusedOrMarked(read(), read("onBadRows", "mark"), "layer_05.parquet", "not_parquet", "LFS"))
                .containsExactly("5|null|not_parquet|null|63 bytes|true");
    }

    @Test
    void otherColumnsAreRefused() throws IOException {
        layer(4, "array(1, 2, 3, 4, 5, 6) indices");
        assertThat(refusedOrMarked(
                        read(), read("onBadRows", "mark"), "layer_04.parquet", "column indices", "list<int16>"))
                .hasSize(1);
        layer(4, "id");
        assertThat(refusedOrMarked(read(), read("onBadRows", "mark"), "no such column", "column indices"))
                .hasSize(1);
        layer(4, ids("array(1, 2, 3, 4)"));
        assertThat(refusedOrMarked(read(), read("onBadRows", "mark"), "4 indices a row", "topk = 6"))
                .containsExactly("4|null|topk|null|4 indices a row|true");
    }

    @Test
    void samplesHaveToFitTheLayers() throws IOException {
        assertThatThrownBy(() -> read("tokenIds", "true").collectAsList())
                .hasMessageContainingAll("tokenIds", "no Parquet file", "samples");
        new FlameTraces(folder, new FlameRouting(3, 64, 6), ROWS - 1, 1000).writeSamples(900);
        assertThat(refusedOrMarked(
                        read("tokenIds", "true"),
                        read("tokenIds", "true", "onBadRows", "mark"),
                        "samples",
                        "token_ids",
                        "2499 token ids",
                        "2500 rows"))
                .containsExactly("null|null|token_ids|null|2499 token ids|true");
        assertThat(read("tokenIds", "true", "onBadRows", "mark").count()).isEqualTo(7);
        assertThat(read("tokenIds", "true", "onBadRows", "mark")
                        .where("bad is null and token_ids is null")
                        .count())
                .isEqualTo(6);
        assertThat(read().count()).isEqualTo(6);
    }

    @Test
    void namesThatDoNotFitAreRefused() throws IOException {
        Files.createDirectories(folder.resolve("notes"));
        Files.writeString(folder.resolve("README.md"), "no Parquet file is left aside");
        assertThat(read().count()).isEqualTo(6);
        Files.copy(traces.layerFile(10, 2), folder.resolve("notes/other.parquet"));
        assertThatThrownBy(this::read).hasMessageContainingAll("notes/other.parquet", "neither iter_N/layer_L.parquet");
        Files.delete(folder.resolve("notes/other.parquet"));
        Files.copy(traces.layerFile(10, 2), traces.layerFile(10, 2).resolveSibling("layer_2.parquet"));
        assertThatThrownBy(this::read).hasMessageContainingAll("layer_2.parquet", "the same layer");
        Files.delete(traces.layerFile(10, 2).resolveSibling("layer_2.parquet"));
        new FlameTraces(folder.resolve("other"), new FlameRouting(3, 64, 6), ROWS, 1000).writeLayer(10, 0, 2);
        assertThatThrownBy(this::read).hasMessageContainingAll("different models", "Read each on its own");
        assertThatThrownBy(() -> spark.read()
                        .format("moe_trace")
                        .option("recorder", "flame")
                        .load(folder.resolve("README.md").toString()))
                .hasMessageContaining("is named iter_N/layer_L.parquet");
    }

    @Test
    void layersOutsideTheListAreRefused() {
        assertThatThrownBy(() -> read("moeLayers", "3-9"))
                .hasMessageContainingAll("layer_02.parquet", "moeLayers = 3-9");
        assertThat(read("moeLayers", "2-3").count()).isEqualTo(6);
    }

    @Test
    void damageInsideAFileFailsTheTask() throws IOException {
        Path file = traces.layerFile(10, 3);
        byte[] bytes = Files.readAllBytes(file);
        java.util.Arrays.fill(bytes, 100, bytes.length / 2, (byte) 0x5a);
        Files.write(file, bytes);
        Files.deleteIfExists(file.resolveSibling(".layer_03.parquet.crc"));
        assertThatThrownBy(() -> read("onBadRows", "mark").collectAsList()).hasStackTraceContaining("layer_03.parquet");
    }
}

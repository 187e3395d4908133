package io.sparkmoe.spark.trace;

import static io.sparkmoe.spark.trace.SglangFixture.good;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parquet trace tables, partial (a slice of a real recording) and whole. */
final class ParquetTraceTest {
    @TempDir
    Path folder;

    private final SparkSession spark = TestSpark.session();

    private Dataset<Row> read(Path path, String... pairs) {
        var reader = spark.read().format("moe_trace").option("recorder", "trace");
        for (int i = 0; i < pairs.length; i += 2) {
            reader = reader.option(pairs[i], pairs[i + 1]);
        }
        return reader.load(path.toString());
    }

    private Path slice() throws IOException {
        return TestSpark.copy("trace/sample_early_slice.parquet", folder);
    }

    private Path save(Dataset<Row> rows) {
        Path to = folder.resolve("saved-" + rows.hashCode());
        rows.write().parquet(to.toString());
        return to;
    }

    @Test
    void aPartialTableIsFilledFromOptionsAndDefaults() throws IOException {
        Path file = slice();
        Dataset<Row> trace = read(file, "topk", "8", "numExperts", "64");
        assertThat(trace.schema())
                .isEqualTo(TraceSchema.of(trace.schema().apply("topk_ids").dataType()));
        assertThat(trace.schema().apply("topk_ids").dataType().simpleString()).isEqualTo("array<int>");
        List<Row> rows = trace.where("request_id = 'req-00032' and layer = 5").collectAsList();
        assertThat(rows).hasSize(1);
        Row row = rows.get(0);
        Row raw = spark.read()
                .parquet(file.toString())
                .where("request_id = 'req-00032' and layer = 5")
                .head();
        Map<String, Object> expected = Map.of(
                "source",
                "file:" + file,
                "choice",
                0,
                "checkpoint",
                "211",
                "first_position",
                0,
                "num_tokens",
                512,
                "num_experts",
                64,
                "topk",
                8,
                "slot_order",
                "unspecified",
                "id_space",
                "logical");
        expected.forEach(
                (name, value) -> assertThat(row.<Object>getAs(name)).as(name).isEqualTo(value));
        assertThat(row.getJavaMap(row.fieldIndex("attributes"))).hasToString("{domain=c}");
        assertThat(row.<Integer>getList(row.fieldIndex("topk_ids"))).isEqualTo(raw.getList(raw.fieldIndex("topk_ids")));
        for (String name : List.of("step", "rank", "phase", "topk_weights", "token_ids", "bad")) {
            assertThat(row.<Object>getAs(name)).as(name).isNull();
        }
    }

    @Test
    void sparksOwnParquetScanReadsWhatIsAskedFor() throws IOException {
        Path file = slice();
        Dataset<Row> counts = read(file, "topk", "8", "numExperts", "64")
                .where("layer = 3")
                .selectExpr("layer", "explode(topk_ids) id");
        String plan = counts.queryExecution().executedPlan().toString();
        assertThat(plan)
                .contains("ParquetScan", "EqualTo(layer,3)", "ReadSchema: struct<layer:int,topk_ids:array<int>>")
                .contains("ColumnarToRow");
        Dataset<Row> plain =
                spark.read().parquet(file.toString()).where("layer = 3").selectExpr("layer", "explode(topk_ids) id");
        assertThat(counts.groupBy("id").count().orderBy("id").collectAsList())
                .hasSizeGreaterThan(50)
                .isEqualTo(plain.groupBy("id").count().orderBy("id").collectAsList());
        assertThat(read(file, "topk", "8", "numExperts", "64").count())
                .isEqualTo(spark.read().parquet(file.toString()).count());
    }

    @Test
    void whatOptionsHaveToSayIsAskedFor() throws IOException {
        Path file = slice();
        assertThatThrownBy(() -> read(file, "numExperts", "64")).hasMessageContaining("option topk");
        assertThatThrownBy(() -> read(file, "topk", "8")).hasMessageContaining("option numExperts");
        assertThat(read(
                                file,
                                "modelConfig",
                                TestSpark.copy("demo/config.json", folder).toString())
                        .selectExpr("max(topk)", "max(num_experts)")
                        .head())
                .hasToString("[8,64]");
        Path renamed = save(spark.read().parquet(file.toString()).withColumnRenamed("layer", "layer_id"));
        assertThatThrownBy(() -> read(renamed, "topk", "8", "numExperts", "64"))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContainingAll("column layer", "missing", "layer_id");
        Path typed = save(spark.read().parquet(file.toString()).selectExpr("layer", "topk_ids", "'x' as num_tokens"));
        assertThatThrownBy(() -> read(typed, "topk", "8", "numExperts", "64"))
                .hasMessageContainingAll("num_tokens", "string", "allowed: int");
        assertThatThrownBy(() -> read(folder.resolve("none"))).hasMessageContaining("No input matched");
        Path noParquet = SglangFixture.write(folder, "no.parquet", "this is no Parquet file");
        assertThatThrownBy(() -> read(noParquet, "topk", "8", "numExperts", "64"))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContainingAll("no.parquet", "Parquet");
    }

    @Test
    void missingTokenCountsAreDerivedFromLists() throws IOException {
        Path file = save(spark.read().parquet(slice().toString()).drop("num_tokens"));
        assertThat(read(file, "topk", "8", "numExperts", "64")
                        .selectExpr("sum(num_tokens)")
                        .head()
                        .getLong(0))
                .isEqualTo(spark.read()
                        .parquet(slice2())
                        .selectExpr("sum(num_tokens)")
                        .head()
                        .getLong(0));
        assertThatThrownBy(() -> read(file, "topk", "7", "numExperts", "64")
                        .selectExpr("sum(num_tokens)")
                        .head())
                .rootCause()
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContainingAll(".parquet", "multiple of topk = 7", "4096");
        assertThat(read(file, "topk", "7", "numExperts", "64", "onBadRows", "mark")
                        .where("num_tokens is null")
                        .count())
                .isPositive();
    }

    private String slice2() {
        return folder.resolve("sample_early_slice.parquet").toString();
    }

    @Test
    void aWholeTableComesBackAsItWas() throws IOException {
        Path jsonl = SglangFixture.write(folder, "a.jsonl", good("a", 30, 5), "broken", good("b", 3, 3));
        Dataset<Row> trace = SglangFixture.read(jsonl, "onBadRows", "mark");
        Path table = save(trace);
        Dataset<Row> back = read(table);
        assertThat(back.schema().apply("topk_ids").dataType().simpleString()).isEqualTo("array<smallint>");
        assertThat(back.toJSON().collectAsList())
                .containsExactlyInAnyOrderElementsOf(trace.toJSON().collectAsList());

        Dataset<Row> filtered =
                back.where("layer in (1, 3)").select("layer", "bad.reason", "request_id", "topk_ids", "attributes");
        assertThat(filtered.queryExecution().executedPlan().toString()).doesNotContain("Filter (");
        assertThat(filtered.toJSON().collectAsList())
                .hasSize(9)
                .containsExactlyInAnyOrderElementsOf(trace.where("layer in (1, 3)")
                        .select("layer", "bad.reason", "request_id", "topk_ids", "attributes")
                        .toJSON()
                        .collectAsList());
    }

    @Test
    void idsAreDecodedByUsWithTheSameRows() throws IOException {
        Path file = slice();
        for (String where : List.of("true", "layer = 3", "request_id > 'req-00030'")) {
            List<String> columns =
                    List.of("sum(xxhash64(layer, request_id, topk_ids, num_tokens) % 1000003)", "count(*)");
            Dataset<Row> ours =
                    read(file, "topk", "8", "numExperts", "64").where(where).selectExpr(columns.toArray(String[]::new));
            assertThat(ours.queryExecution().executedPlan().toString()).contains("ids of topk_ids by Spark MoE");
            spark.conf().set("spark.moe.scan", "spark");
            try {
                Dataset<Row> sparks = read(file, "topk", "8", "numExperts", "64")
                        .where(where)
                        .selectExpr(columns.toArray(String[]::new));
                assertThat(sparks.queryExecution().executedPlan().toString()).doesNotContain("by Spark MoE");
                assertThat(ours.collectAsList()).as(where).isEqualTo(sparks.collectAsList());
            } finally {
                spark.conf().unset("spark.moe.scan");
            }
        }
    }

    @Test
    void otherIdTypesKeepTheirWidth() throws IOException {
        for (String type : List.of("array<tinyint>", "array<bigint>", "binary")) {
            String ids = type.equals("binary") ? "unhex('E1010203')" : "cast(array(2, 3) as " + type + ")";
            Path table = save(spark.sql("select cast(4 as tinyint) layer, 1L num_tokens, " + ids + " topk_ids, "
                    + "map('a', '1', 'n', null) attributes, 1.5D temperature, true flag, array(1) left"));
            Dataset<Row> trace = read(table, "topk", "2", "numExperts", "8");
            assertThat(trace.schema().apply("topk_ids").dataType().simpleString())
                    .isEqualTo(type);
            assertThat(trace.selectExpr("layer", "num_tokens", "attributes")
                            .toJSON()
                            .head())
                    .isEqualTo("{\"layer\":4,\"num_tokens\":1,\"attributes\":{\"a\":\"1\",\"n\":null,"
                            + "\"temperature\":\"1.5\",\"flag\":\"true\"}}");
            assertThat(trace.where("layer = 4 and topk_ids is not null").count())
                    .isEqualTo(1);
        }
        Path packed = save(spark.sql("select 4 layer, unhex('E1010203') topk_ids"));
        assertThatThrownBy(() -> read(packed, "topk", "2", "numExperts", "8"))
                .hasMessageContaining("num_tokens is missing");
    }

    @Test
    void theRowReaderGivesTheSame() throws IOException {
        Path file = slice();
        List<String> columnar = SglangFixture.rows(read(file, "topk", "8", "numExperts", "64"));
        spark.conf().set("spark.sql.parquet.enableVectorizedReader", "false");
        try {
            assertThat(SglangFixture.rows(read(file, "topk", "8", "numExperts", "64")))
                    .isEqualTo(columnar);
        } finally {
            spark.conf().unset("spark.sql.parquet.enableVectorizedReader");
        }
    }

    private Path versioned(String version) throws IOException {
        Path file = folder.resolve("v" + version + ".parquet");
        MessageType type = MessageTypeParser.parseMessageType("message trace { required int32 layer; required int32 "
                + "num_tokens; required group topk_ids (LIST) { repeated group list { required int32 element; } } }");
        Group group = new SimpleGroupFactory(type).newGroup().append("layer", 1).append("num_tokens", 1);
        group.addGroup("topk_ids").addGroup("list").append("element", 3);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
                .withType(type)
                .withExtraMetaData(Map.of(TraceSchema.VERSION_KEY, version))
                .build()) {
            writer.write(group);
        }
        return file;
    }

    @Test
    void laterVersionsAreRefused() throws IOException {
        assertThat(read(versioned("1"), "topk", "1", "numExperts", "8")
                        .select("topk_ids")
                        .head()
                        .getList(0)
                        .get(0))
                .isEqualTo(3);
        Path later = versioned("2");
        assertThatThrownBy(() -> read(later, "topk", "1", "numExperts", "8"))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContainingAll("v2.parquet", "sparkmoe.trace.version = 2", "allowed: 1");
        assertThatThrownBy(() -> read(folder.resolve("v*.parquet"), "topk", "1", "numExperts", "8")
                        .count())
                .rootCause()
                .hasMessageContaining("sparkmoe.trace.version = 2");
    }
}

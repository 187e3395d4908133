package io.sparkmoe.spark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkmoe.core.metrics.RoutingAgreement;
import io.sparkmoe.spark.jobs.compare.Comparison;
import io.sparkmoe.spark.jobs.compare.ExplodedComparison;
import io.sparkmoe.spark.jobs.compare.LeftOut;
import io.sparkmoe.spark.jobs.compare.TwoRoutings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verbs drift and mismatch, on two checkpoints of a real model and on random routings that hardly line up. */
class CompareCommandTest {
    private static final String EARLY = LocalSpark.resource("/io/sparkmoe/trace/sample_early_slice.parquet");
    private static final String FINAL = LocalSpark.resource("/io/sparkmoe/trace/sample_final_slice.parquet");
    private static final List<String> REAL = List.of("--num-experts", "64", "--topk", "8");
    private static final List<String> RANDOM = List.of("--num-experts", "19", "--topk", "4");

    private final SparkSession spark = LocalSpark.get();

    @TempDir
    Path folder;

    @AfterEach
    void nothingLeaks() {
        spark.catalog().clearCache();
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    private CommandLineRun run(String verb, List<String> model, String... args) {
        List<String> all = new ArrayList<>(List.of(verb));
        all.addAll(List.of(args));
        all.addAll(model);
        all.addAll(List.of("--overwrite", "--output", folder.resolve("out").toString()));
        return CommandLineRun.of(all.toArray(String[]::new));
    }

    private Dataset<Row> table(String name) {
        return spark.read().parquet(folder.resolve("out/tables/" + name).toString());
    }

    private String save(String name, Dataset<Row> rows) {
        String to = folder.resolve(name).toString();
        rows.write().mode("overwrite").parquet(to);
        return to;
    }

    private Dataset<Row> slice(String file) {
        return spark.read().parquet(file);
    }

    private static @Nullable Comparison realDrift;

    /** What plain SQL finds in the two slices. */
    private Comparison realDrift() {
        if (realDrift == null) {
            realDrift = explodedSlices();
        }
        return realDrift;
    }

    private Comparison explodedSlices() {
        String columns =
                "request_id, layer, 0 first_position, num_tokens, topk_ids, cast(null as array<int>) token_ids";
        return ExplodedComparison.of(
                slice(EARLY).selectExpr(columns.split(", (?=[a-z0-9])")),
                slice(FINAL).selectExpr(columns.split(", (?=[a-z0-9])")),
                "request_id",
                8,
                64);
    }

    private void assertTable(String name, Comparison expected, int topk) {
        List<Row> rows = table(name).orderBy("layer").collectAsList();
        assertThat(rows).hasSameSizeAs(expected.layers().keySet());
        for (Row row : rows) {
            int layer = row.getAs("layer");
            Comparison.Layer l = expected.layers().get(layer);
            assertThat(row.<Integer>getAs("topk")).isEqualTo(topk);
            assertThat(List.of(
                            row.<Long>getAs("tokens"),
                            row.<Long>getAs("equal_sets"),
                            row.<Long>getAs("overlap_sum"),
                            row.<Long>getAs("union_sum"),
                            row.<Long>getAs("masked")))
                    .as("layer %d", layer)
                    .containsExactly(
                            l.totals().tokens(),
                            l.totals().equalSets(),
                            l.totals().overlapSum(),
                            l.totals().unionSum(),
                            l.totals().masked());
            assertThat(row.<Double>getAs("saturation"))
                    .isEqualTo((double) l.totals().overlapSum() / l.totals().tokens() / topk);
            assertThat(row.<Double>getAs("jaccard"))
                    .isEqualTo((double) l.totals().overlapSum() / l.totals().unionSum());
            assertThat(row.<Double>getAs("load_cosine"))
                    .isEqualTo(RoutingAgreement.cosine(l.leftLoad(), l.rightLoad()));
        }
        Row tokens = table(name + "_tokens").head();
        assertThat(List.of(
                        tokens.<Long>getAs("tokens"),
                        tokens.<Long>getAs("tokens_differing"),
                        tokens.<Long>getAs("differing_layers")))
                .containsExactly(expected.tokens(), expected.tokensDiffering(), expected.differingLayers());
        assertThat(table("left_out").selectExpr("reason", "sequences", "tokens").collectAsList().stream()
                        .map(r -> new LeftOut(r.getString(0), r.getLong(1), r.getLong(2))))
                .containsExactlyInAnyOrderElementsOf(expected.leftOut());
    }

    @Test
    void twoCheckpointsOfARealModelDrift() throws Exception {
        // The right side cuts its tokens otherwise.
        Dataset<Row> cut = slice(FINAL)
                .withColumn("first_position", expr("explode(sequence(0, num_tokens - 1, 100))"))
                .withColumn("num_tokens", expr("least(100, num_tokens - first_position)"))
                .withColumn("topk_ids", expr("slice(topk_ids, 8 * first_position + 1, 8 * num_tokens)"));
        CommandLineRun run = run("drift", REAL, "--left", EARLY, "--right", save("cut", cut));
        assertThat(run.code()).as(run.err()).isZero();
        Comparison expected = realDrift();
        assertThat(expected.layers()).hasSize(8);
        assertTable("drift", expected, 8);
        // Real drift: neither equal nor unrelated (8 of 64 experts drawn at random overlap in an eighth).
        assertThat(table("drift").where("saturation between 0.2 and 0.95").count())
                .isEqualTo(8);
        assertThat(table("drift").where("first_equal is not null").count())
                .as("slots are in no known order")
                .isZero();
        assertThat(run.out()).contains("Compared").contains("saturation").contains("differ at one layer at least");
        JsonNode summary =
                new ObjectMapper().readTree(folder.resolve("out/summary.json").toFile());
        assertThat(summary.get("run").get("command").asText()).startsWith("spark-moe drift");
        assertThat(folder.resolve("out/report.html")).isNotEmptyFile();
    }

    @Test
    void partsOfOneRecordingAreComparedLikeTwoRecordings() {
        String both = save("both", slice(EARLY).unionByName(slice(FINAL)));
        CommandLineRun run = run("drift", REAL, "--input", both, "--compare", "checkpoint", "211", "1769");
        assertThat(run.code()).as(run.err()).isZero();
        assertTable("drift", realDrift(), 8);
        assertThat(table("drift").select("left", "right").distinct().collectAsList())
                .extracting(Row::toString)
                .containsExactly("[211,1769]");
        CommandLineRun three = run("drift", REAL, "--input", both, "--compare", "checkpoint", "211", "1769", "1769");
        assertThat(three.code()).as(three.err()).isZero();
        assertThat(table("drift")
                        .where("left = '1769' and saturation = 1 and mismatch = 0 and load_cosine = 1")
                        .count())
                .isEqualTo(8);
        CommandLineRun absent = run("drift", REAL, "--input", both, "--compare", "checkpoint", "211", "7");
        assertThat(absent.code()).isEqualTo(1);
        assertThat(absent.err()).contains("no usable row has checkpoint = 7").contains("there are: 1769, 211");
    }

    @Test
    void mismatchOfRecordingsThatHardlyLineUp() {
        TwoRoutings data = TwoRoutings.of(90, 11, true);
        Dataset<Row> left = TwoRoutings.table(spark, data.left(), 2).drop("attributes");
        Dataset<Row> right = TwoRoutings.table(spark, data.right(), 3).drop("attributes");
        Comparison expected =
                ExplodedComparison.of(left, right, "concat(coalesce(request_id, '-'), '/', choice)", 4, 19);
        // The right side knows its samples by another name, which the trace table holds as an attribute.
        Dataset<Row> renamed =
                right.withColumnRenamed("request_id", "sample_id").withColumn("request_id", lit("x"));
        CommandLineRun run = run(
                "mismatch",
                RANDOM,
                "--left",
                save("train", left),
                "--right",
                save("rollouts", renamed),
                "--right-key",
                "sample_id,choice");
        assertThat(run.code()).as(run.err()).isZero();
        assertTable("mismatch", expected, 4);
        assertThat(table("left_out").select("reason").collectAsList())
                .extracting(r -> r.getString(0))
                .contains(
                        "other_text",
                        "duplicate_left",
                        "duplicate_right",
                        "request_missing_left",
                        "layer_missing_right");
        assertThat(table("mismatch").where("first_equal is null").count()).isZero();
        assertThat(run.out()).contains("Left out").contains("other_text: ");
    }

    @Test
    void aSampleDrawsTheSameSequencesOnBothSides() {
        CommandLineRun run = run("drift", REAL, "--left", EARLY, "--right", FINAL, "--sample", "0.9");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(table("left_out").count()).isZero();
        assertThat(table("drift").where("tokens in (512, 1024)").count()).isEqualTo(8);
    }

    @Test
    void rowsPutAsideAreMissingOnThatSide() {
        Dataset<Row> broken = slice(FINAL)
                .withColumn("topk_ids", expr("if(request_id = 'req-00040', slice(topk_ids, 1, 9), topk_ids)"));
        String right = save("broken", broken);
        CommandLineRun failed = run("drift", REAL, "--left", EARLY, "--right", right);
        assertThat(failed.code()).isEqualTo(1);
        assertThat(failed.err()).contains("num_tokens").contains("--on-bad-rows quarantine");
        CommandLineRun run = run("drift", REAL, "--left", EARLY, "--right", right, "--on-bad-rows", "quarantine");
        assertThat(run.code()).as(run.err()).isEqualTo(3);
        assertThat(table("left_out").selectExpr("reason", "sequences", "tokens").collectAsList())
                .extracting(Row::toString)
                .containsExactly("[request_missing_right,1,512]");
        assertThat(table("drift").where("tokens = 1024").count()).isEqualTo(8);
    }

    @Test
    void routingsOfDifferentModelsAreRefused() {
        Dataset<Row> six = slice(FINAL)
                .withColumn("topk_ids", expr("slice(topk_ids, 1, 6 * 512)"))
                .withColumn("topk", lit(6))
                .withColumn("num_experts", lit(64));
        Dataset<Row> more = slice(FINAL).withColumn("num_experts", lit(128)).withColumn("topk", lit(8));
        CommandLineRun topk = run("drift", REAL, "--left", EARLY, "--right", save("six", six));
        assertThat(topk.code()).isEqualTo(1);
        assertThat(topk.err()).contains("different topk, left 8, right 6");
        CommandLineRun experts = run("drift", REAL, "--left", EARLY, "--right", save("more", more));
        assertThat(experts.code()).isEqualTo(1);
        assertThat(experts.err()).contains("different num_experts, left 64, right 128");
        Dataset<Row> mixed = slice(EARLY)
                .withColumn("num_experts", lit(64))
                .withColumn("topk", lit(8))
                .unionByName(more);
        CommandLineRun files = run("drift", REAL, "--left", save("mixed", mixed), "--right", FINAL);
        assertThat(files.code()).isEqualTo(1);
        assertThat(files.err()).contains("mixes recordings of different models").contains("128=8", "64=8");
    }

    @Test
    void routingsThatShareNothingAreRefusedWithTheReasons() {
        Dataset<Row> others = slice(FINAL).withColumn("request_id", expr("concat('other-', request_id)"));
        CommandLineRun run = run("mismatch", REAL, "--left", EARLY, "--right", save("others", others));
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .contains("no token of the two routings could be compared")
                .contains("request_missing_left 3 sequences, 1,536 tokens")
                .contains("request_missing_right 3 sequences, 1,536 tokens")
                .contains("--left-key");
        Dataset<Row> layers = slice(FINAL).withColumn("layer", col("layer").plus(20));
        CommandLineRun apart = run("drift", REAL, "--left", EARLY, "--right", save("layers", layers));
        assertThat(apart.code()).isEqualTo(1);
        assertThat(apart.err()).contains("layer_missing_left 3 sequences").contains("layer_missing_right 3 sequences");
    }

    @Test
    void windowsOfStepsAreComparedByLoad() {
        Dataset<Row> steps = slice(EARLY)
                .withColumn("step", expr("cast(if(request_id = 'req-00000', 3, 17) as bigint)"))
                .unionByName(slice(FINAL).withColumn("step", expr("cast(null as bigint)")));
        CommandLineRun run = run("drift", REAL, "--input", save("steps", steps), "--window-steps", "10");
        assertThat(run.code()).as(run.err()).isZero();
        List<Row> rows = table("drift").orderBy("layer").collectAsList();
        assertThat(rows).hasSize(8);
        for (Row row : rows) {
            assertThat(row.<String>getAs("left")).isEqualTo("steps 0-9");
            assertThat(row.<String>getAs("right")).isEqualTo("steps 10-19");
            assertThat(row.<Double>getAs("saturation")).isNull();
            int layer = row.getAs("layer");
            assertThat(row.<Double>getAs("load_cosine"))
                    .isEqualTo(RoutingAgreement.cosine(
                            load("layer = %d and request_id = 'req-00000'".formatted(layer)),
                            load("layer = %d and request_id != 'req-00000'".formatted(layer))));
        }
        CommandLineRun one = run("drift", REAL, "--input", EARLY, "--window-steps", "10");
        assertThat(one.code()).isEqualTo(1);
        assertThat(one.err()).contains("the recording has 0 of them, two are needed");
    }

    private long[] load(String where) {
        long[] out = new long[64];
        Map<Integer, Long> counts = new java.util.HashMap<>();
        slice(EARLY)
                .where(where)
                .selectExpr("explode(topk_ids) id")
                .groupBy("id")
                .count()
                .collectAsList()
                .forEach(r -> counts.put(r.getInt(0), r.getLong(1)));
        counts.forEach((expert, count) -> out[expert] = count);
        return out;
    }
}

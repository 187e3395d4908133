package io.sparkmoe.spark.jobs;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkmoe.core.metrics.Specialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

/** The verb specialization on a slice of a real recording. */
class SpecializationCommandTest {
    private static final String FINAL = LocalSpark.resource("/io/sparkmoe/trace/sample_final_slice.parquet");

    private final SparkSession spark = LocalSpark.get();
    private final Set<Object> persisted = persisted();

    @TempDir
    Path folder;

    @AfterEach
    void nothingLeaks() {
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
        assertThat(persisted()).isEqualTo(persisted);
    }

    /** Ids of what the session keeps; other tests share it. */
    private Set<Object> persisted() {
        return Set.copyOf(CollectionConverters.asJava(spark.sparkContext().getPersistentRDDs())
                .keySet());
    }

    private CommandLineRun run(String... args) {
        List<String> all = new ArrayList<>(List.of("specialization"));
        all.addAll(List.of(args));
        all.addAll(List.of("--overwrite", "--output", folder.resolve("out").toString()));
        return CommandLineRun.of(all.toArray(String[]::new));
    }

    private CommandLineRun runSlice(String input, String... args) {
        List<String> all = new ArrayList<>(List.of("--input", input, "--num-experts", "64", "--topk", "8"));
        all.addAll(List.of(args));
        return run(all.toArray(String[]::new));
    }

    private Dataset<Row> table(String name) {
        return spark.read().parquet(folder.resolve("out/tables/" + name).toString());
    }

    /** The slice with token ids of its own and slots said to be ordered. */
    private String withText() {
        String to = folder.resolve("text").toString();
        spark.read()
                .parquet(FINAL)
                .withColumn("token_ids", expr("transform(sequence(1, num_tokens), i -> cast(pmod(i * i, 37) as int))"))
                .withColumn("slot_order", expr("if(layer = 3, 'unspecified', 'score_desc')"))
                .write()
                .mode("overwrite")
                .parquet(to);
        return to;
    }

    private String page() throws IOException {
        return Files.readString(folder.resolve("out/summary.json"));
    }

    @Test
    void domainsOfARealRecordingEqualSql() {
        CommandLineRun run = runSlice(FINAL, "--by", "domain");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("Domains").contains("2 by domain");
        spark.read().parquet(FINAL).createOrReplaceTempView("slice");
        List<Row> expected = spark.sql(
                        "select domain, layer, expert, tokens, coalesce(n, 0) count, coalesce(n, 0) / sum(n) over "
                                + "(partition by layer, expert) of_expert, coalesce(n, 0) / tokens of_domain from (select domain, layer, "
                                + "sum(num_tokens) tokens from slice group by all) cross join (select cast(id as int) expert from range(64)) "
                                + "left join (select domain, layer, expert, count(*) n from (select domain, layer, explode(topk_ids) expert "
                                + "from slice) group by all) using (domain, layer, expert)")
                .collectAsList();
        Dataset<Row> found = table("specialization");
        assertThat(found.columns())
                .containsExactly("domain", "layer", "expert", "tokens", "count", "share_of_expert", "share_of_domain");
        assertThat(found.collectAsList())
                .hasSize(2 * 8 * 64)
                .extracting(Row::toString)
                .containsExactlyInAnyOrderElementsOf(
                        expected.stream().map(Row::toString).toList());
        List<Row> sums = found.groupBy("layer", "expert")
                .agg(expr("sum(share_of_expert)"))
                .where("sum(share_of_expert) is not null")
                .collectAsList();
        assertThat(sums).isNotEmpty().allSatisfy(r -> assertThat(r.getDouble(2)).isCloseTo(1, within(1e-12)));
    }

    @Test
    void otherColumnsAndFoldersAreDomainsToo() {
        assertThat(runSlice(FINAL, "--by", "domain", "--domain-column", "request_id")
                        .code())
                .isZero();
        assertThat(table("specialization").select("domain").distinct().count()).isEqualTo(3);
        CommandLineRun absent = runSlice(FINAL, "--by", "domain", "--domain-column", "language");
        assertThat(absent.code()).isEqualTo(1);
        assertThat(absent.err()).contains("no usable row has the column or attribute language");
        for (String name : List.of("prose", "code")) {
            spark.read()
                    .parquet(FINAL)
                    .drop("domain")
                    .write()
                    .parquet(folder.resolve(name).toString());
        }
        CommandLineRun folders = run(
                "--input",
                folder.resolve("prose").toString(),
                folder.resolve("code").toString(),
                "--num-experts",
                "64",
                "--topk",
                "8");
        assertThat(folders.code()).as(folders.err()).isZero();
        assertThat(folders.out()).contains("2 by source folder");
        assertThat(table("specialization").where("domain like '%/prose'").count())
                .isEqualTo(8 * 64);
    }

    @Test
    void rowsWithoutADomainAreOneOfTheirOwn() {
        String some = folder.resolve("some").toString();
        spark.read()
                .parquet(FINAL)
                .withColumn("domain", expr("if(domain = 'c', null, domain)"))
                .write()
                .parquet(some);
        assertThat(runSlice(some, "--by", "domain").code()).isZero();
        assertThat(table("specialization").select("domain").distinct().collectAsList())
                .extracting(r -> r.getString(0))
                .containsExactlyInAnyOrder("(none)", "python");
    }

    @Test
    void vocabularyEqualsTheDefinition() {
        String input = withText();
        CommandLineRun run = runSlice(input, "--by", "vocabulary", "--include-text");
        assertThat(run.code()).as(run.err()).isZero();
        spark.sql("select layer, token_ids[p] token_id, topk_ids[8 * p] expert from parquet.`" + input
                        + "` lateral view posexplode(token_ids) as p, t where layer != 3")
                .createOrReplaceTempView("firsts");
        List<Row> rows = table("vocabulary").orderBy("layer").collectAsList();
        assertThat(rows).hasSize(8);
        for (Row row : rows) {
            Specialization expected = new Specialization();
            spark.sql("select collect_list(n) from (select token_id, expert, count(*) n from firsts where layer = "
                            + row.getInt(0) + " group by all) group by token_id")
                    .collectAsList()
                    .forEach(r -> expected.add(r.<Long>getList(0).stream()
                            .mapToLong(Long::longValue)
                            .toArray()));
            assertThat(row.getLong(1)).as("layer %d", row.getInt(0)).isEqualTo(expected.ids());
            if (row.getInt(0) == 3) {
                assertThat(row.isNullAt(4)).as("slots in no order").isTrue();
            } else {
                assertThat(row.getDouble(4)).isCloseTo(expected.mean(), within(1e-11));
            }
        }
        assertThat(table("vocabulary_tokens")
                        .selectExpr("sum(occurrences)")
                        .head()
                        .getLong(0))
                .isEqualTo(7L * 3 * 512)
                .isEqualTo(spark.table("firsts").count());
    }

    @Test
    void whatCannotBeSaidIsNullWithTheReason() throws IOException {
        assertThat(runSlice(withText(), "--by", "vocabulary").code()).isZero();
        assertThat(folder.resolve("out/tables/vocabulary_tokens")).doesNotExist();
        new ObjectMapper().readTree(page());
        CommandLineRun none = runSlice(FINAL);
        assertThat(none.code()).as(none.err()).isZero();
        assertThat(none.out()).contains("nothing to say");
        assertThat(table("vocabulary")
                        .where("mean_top_share is null and token_ids = 0")
                        .count())
                .isEqualTo(8);
        CommandLineRun demo = run("--demo");
        assertThat(demo.code()).as(demo.err()).isZero();
        assertThat(table("vocabulary").where("mean_top_share is null").count()).isEqualTo(8);
        assertThat(run("--demo", "--by", "style").code()).isEqualTo(2);
        assertThat(run("--demo", "--minimum", "0").code()).isEqualTo(2);
    }
}

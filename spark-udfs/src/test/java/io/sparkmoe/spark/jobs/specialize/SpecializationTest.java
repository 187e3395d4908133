package io.sparkmoe.spark.jobs.specialize;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparkmoe.spark.jobs.LocalSpark;
import io.sparkmoe.spark.jobs.compare.TwoRoutings;
import java.util.List;
import java.util.SortedMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Domains and vocabulary against plain SQL over the exploded table: masked, NULL and repeated ids, three kinds of order. */
class SpecializationTest {
    private static final int E = TwoRoutings.EXPERTS;
    private static final int K = TwoRoutings.TOPK;
    private static final int MINIMUM = 3;

    private final SparkSession spark = LocalSpark.get();
    private final TwoRoutings data = TwoRoutings.of(80, 5, true);

    @BeforeEach
    void explode() {
        rows(3).createOrReplaceTempView("rows");
        spark.sql("select domain, layer, ordered, weights is not null weighted, text[t] token_id, "
                        + "transform(slice(ids, t * 4 + 1, 4), i -> nullif(i, -1)) ids, slice(weights, t * 4 + 1, 4) w from "
                        + "(select attributes['domain'] domain, layer, slot_order = 'score_desc' ordered, topk_ids ids, token_ids "
                        + "text, topk_weights weights, explode(sequence(0, num_tokens - 1)) t from rows)")
                .cache()
                .createOrReplaceTempView("tokens");
    }

    @AfterEach
    void nothingLeaks() {
        spark.catalog().clearCache();
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    /** A third of the sequences ordered by score, a third with weights (some equal, some NULL or NaN), a third with neither. */
    private Dataset<Row> rows(int partitions) {
        String weight = "case pmod(hash(i, first_position, request_id), 9) when 0 then null when 1 then float('NaN') "
                + "else cast(pmod(hash(i, request_id, layer, first_position), 5) as float) end";
        return TwoRoutings.table(spark, data.left(), partitions)
                .withColumn("kind", expr("pmod(hash(request_id), 3)"))
                .withColumn("slot_order", expr("if(kind = 0, 'score_desc', 'unspecified')"))
                .withColumn(
                        "topk_weights",
                        expr("if(kind = 1, transform(sequence(1, num_tokens * 4), i -> " + weight + "), null)"))
                .withColumn("attributes", expr("map('domain', concat('d', pmod(hash(request_id, choice), 4)))"))
                .withColumn(
                        "token_ids",
                        expr(
                                "transform(token_ids, (t, i) -> case when t = 7 and i % 2 = 0 then null when pmod(hash(t, i, "
                                        + "request_id), 4) = 0 then t * 311 + pmod(hash(request_id), 97) else t - 25 end)"));
    }

    private static VocabularyOptions options(int cells) {
        return new VocabularyOptions(E, K, MINIMUM, cells);
    }

    /** First choices by SQL: the first slot, or the first of the heaviest known weights. */
    private void firstChoices() {
        spark.sql(
                        "select layer, token_id, if(ordered, 0, array_position(clean, array_max(clean)) - 1) slot, ids, ordered, "
                                + "weighted and exists(clean, x -> x >= 0) weighted from (select *, transform(w, x -> if(x is null or "
                                + "isnan(x), -1, x)) clean from tokens)")
                .selectExpr("layer", "token_id", "ordered or coalesce(weighted, false) known", "ids[slot] expert")
                .createOrReplaceTempView("firsts");
        spark.sql(
                        "select layer, token_id, expert, count(*) n from firsts where known and expert is not null and token_id is "
                                + "not null group by all")
                .createOrReplaceTempView("cells");
        spark.sql(
                        "select layer, token_id, sum(n) occurrences, max_by(expert, struct(n, -expert)) expert, max(n) / sum(n) "
                                + "top_share from cells group by layer, token_id")
                .cache()
                .createOrReplaceTempView("vocabulary");
    }

    @ParameterizedTest(name = "{0} cells at a time")
    @ValueSource(ints = {8, 300, VocabularyOptions.DEFAULT_CELLS})
    void vocabularyEqualsSql(int cells) {
        firstChoices();
        for (int partitions : List.of(1, 8)) {
            Vocabulary vocabulary = Vocabulary.of(rows(partitions), options(cells));
            SortedMap<Integer, VocabularyTotals> found = vocabulary.totals();
            assertThat(found.keySet()).containsExactlyElementsOf(TwoRoutings.LAYERS);
            found.forEach(this::assertLayer);
            String frequent = "select * from vocabulary where occurrences >= " + MINIMUM;
            assertThat(vocabulary.tokens().collectAsList())
                    .containsExactlyInAnyOrderElementsOf(spark.sql(frequent).collectAsList());
        }
    }

    private void assertLayer(int layer, VocabularyTotals t) {
        Row sql = spark.sql(
                        "select count_if(occurrences >= 3), count_if(occurrences < 3), avg(if(occurrences >= 3, top_share, "
                                + "null)) from vocabulary where layer = " + layer)
                .head();
        assertThat(t.tokenIds()).isEqualTo(sql.getLong(0)).isPositive();
        assertThat(t.rareTokenIds()).isEqualTo(sql.getLong(1)).isPositive();
        assertThat(t.mean()).isCloseTo(sql.getDouble(2), within(1e-11));
        assertThat(t.histogram())
                .hasSize(20)
                .satisfies(h -> assertThat(java.util.Arrays.stream(h).sum()).isEqualTo(t.tokenIds()));
        Row pairs = spark.sql(
                        "select count_if(known and expert is not null), count_if(known and expert is null), count_if(not "
                                + "known) from firsts where token_id is not null and layer = " + layer)
                .head();
        assertThat(List.of(t.counted(), t.masked(), t.unordered()))
                .containsExactly(pairs.getLong(0), pairs.getLong(1), pairs.getLong(2))
                .allMatch(n -> n > 0);
        assertThat(t.withoutTokenId())
                .isEqualTo(spark.sql("select * from firsts where token_id is null and layer = " + layer)
                        .count());
    }

    @Test
    void theMeanIsTheSameToTheLastBitHoweverRowsLie() {
        VocabularyTotals one = Vocabulary.of(rows(1), options(8)).totals().get(2);
        VocabularyTotals eight = Vocabulary.of(rows(8), options(300)).totals().get(2);
        assertThat(one).usingRecursiveComparison().isEqualTo(eight);
    }

    @Test
    void domainsEqualSql() {
        spark.sql(
                        "select domain, layer, expert, count(*) n from (select *, explode(ids) expert from tokens) where expert is not "
                                + "null group by all")
                .createOrReplaceTempView("loads");
        List<Row> expected = spark.sql(
                        "select domain, layer, expert, known tokens, coalesce(n, 0) count, if(of_expert > 0, "
                                + "coalesce(n, 0) / of_expert, null) share_of_expert, coalesce(n, 0) / known share_of_domain from (select "
                                + "domain, layer, count_if(exists(ids, i -> i is not null)) known from tokens group by all) "
                                + "cross join (select cast(id as int) expert from range(" + E
                                + ")) left join loads using (domain, layer, "
                                + "expert) left join (select layer, expert, sum(n) of_expert from loads group by all) using (layer, expert)")
                .collectAsList();
        assertThat(expected).hasSize(4 * 4 * E);
        for (int partitions : List.of(1, 8)) {
            Dataset<Row> rows = rows(partitions).withColumn("domain", expr("attributes['domain']"));
            Dataset<Row> loads = DomainLoads.of(rows, E, K, true);
            assertThat(DomainLoads.table(loads).collectAsList())
                    .extracting(Row::toString)
                    .containsExactlyInAnyOrderElementsOf(
                            expected.stream().map(Row::toString).toList());
        }
    }

    /** Without masked ids the tokens are those of the rows, read from no ids. */
    @Test
    void domainsOfUnmaskedRowsCountTheirTokens() {
        Dataset<Row> rows = rows(2).withColumn("domain", expr("attributes['domain']"))
                .withColumn("topk_ids", expr("transform(topk_ids, i -> abs(coalesce(i, 0)))"));
        Dataset<Row> ids = rows.withColumn("topk_ids", expr("transform(topk_ids, i -> i)"));
        assertThat(DomainLoads.of(rows, E, K, false)
                        .select("domain", "layer", "tokens")
                        .collectAsList())
                .containsExactlyInAnyOrderElementsOf(DomainLoads.of(ids, E, K, true)
                        .select("domain", "layer", "tokens")
                        .collectAsList());
    }

    @Test
    void listsOfOtherLengthsAreErrors() {
        Dataset<Row> rows = rows(2);
        assertThatThrownBy(() -> Vocabulary.of(
                                rows.withColumn("token_ids", expr("slice(array(1, 2, 3), 1, 2)"))
                                        .where("num_tokens > 2"),
                                options(8))
                        .totals())
                .hasStackTraceContaining("token_ids has 2 entries but num_tokens is");
        assertThatThrownBy(() -> Vocabulary.of(
                                rows.withColumn("topk_weights", expr("array(float(1))"))
                                        .withColumn("slot_order", expr("'unspecified'")),
                                options(8))
                        .totals())
                .hasStackTraceContaining("topk_weights has 1 entries but topk_ids has");
        assertThatThrownBy(() ->
                        Vocabulary.of(rows, new VocabularyOptions(2, K, 1, 8)).totals())
                .hasStackTraceContaining("is outside [0, 2)");
        assertThatThrownBy(() ->
                        Vocabulary.of(rows, new VocabularyOptions(E, 3, 1, 8)).totals())
                .hasStackTraceContaining("num_tokens")
                .hasStackTraceContaining("topk 3");
    }

    @Test
    void cellsSurviveTheirEncoding() {
        CellTable table = new CellTable(1 << 12);
        int[] tokenIds = {0, 1, -1, 255, 256, Integer.MAX_VALUE, Integer.MIN_VALUE + 1, 151_000};
        for (int i = 0; i < 2000; i++) {
            table.add(CellTable.key(i % 61, tokenIds[i % tokenIds.length], i % 1024));
            table.add(CellTable.key(i % 61, tokenIds[i % tokenIds.length], 65_535));
        }
        long sum = 0;
        long[] keys = table.sortedKeys();
        assertThat(keys).hasSize(table.size()).isSorted().doesNotHaveDuplicates();
        for (long key : keys) {
            assertThat(CellTable.key(CellTable.layer(key), CellTable.tokenId(key), CellTable.expert(key)))
                    .isEqualTo(key);
            assertThat(tokenIds).contains(CellTable.tokenId(key));
            sum += table.count(key);
        }
        assertThat(sum).isEqualTo(4000);
        CellBlock block = new CellBlock();
        block.cell(-1, 65_535, 1L << 40);
        block.cell(151_000, 0, 127);
        StringBuilder read = new StringBuilder();
        CellBlock.read(block.take(), (low, expert, count) -> read.append(low + "/" + expert + "/" + count + " "));
        assertThat(read.toString()).isEqualTo("255/65535/1099511627776 216/0/127 ");
    }
}

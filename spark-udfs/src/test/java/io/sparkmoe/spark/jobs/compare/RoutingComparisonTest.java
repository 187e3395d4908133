package io.sparkmoe.spark.jobs.compare;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.RoutingBackends;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.jobs.LocalSpark;
import io.sparkmoe.spark.jobs.passes.BackendSource;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoutingComparisonTest {
    private static final BackendSource CPU = RoutingComparisonTest::cpu;
    private static final List<String> KEY = List.of("request_id", "choice");
    private static final String SQL_KEY = "concat(coalesce(request_id, '-'), '/', choice)";
    private static final CompareOptions OPTIONS = new CompareOptions(TwoRoutings.EXPERTS, TwoRoutings.TOPK);

    private final SparkSession spark = LocalSpark.get();

    private static RoutingBackend cpu() {
        return RoutingBackends.open(RoutingBackends.Request.CPU, true).backend();
    }

    @AfterEach
    void nothingLeaks() {
        spark.catalog().clearCache();
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    private Comparison run(TwoRoutings data, int partitions) {
        return RoutingComparison.run(
                new Side(TwoRoutings.table(spark, data.left(), partitions), KEY),
                new Side(TwoRoutings.table(spark, data.right(), partitions), KEY),
                OPTIONS,
                CPU);
    }

    private static void assertSame(Comparison found, Comparison expected) {
        assertThat(found).usingRecursiveComparison().isEqualTo(expected);
    }

    @ParameterizedTest(name = "seed {0}, text {1}")
    @CsvSource({"1, false", "2, true"})
    void equalsExplodeAndJoinHoweverRowsAreCut(long seed, boolean text) {
        TwoRoutings data = TwoRoutings.of(110, seed, text);
        Comparison expected = ExplodedComparison.of(
                TwoRoutings.table(spark, data.left(), 3),
                TwoRoutings.table(spark, data.right(), 3),
                SQL_KEY,
                TwoRoutings.TOPK,
                TwoRoutings.EXPERTS);
        assertThat(expected.tokens()).isPositive();
        assertThat(expected.tokensDiffering()).isBetween(1L, expected.tokens() - 1);
        assertThat(expected.leftOut().stream().map(LeftOut::reason))
                .contains(
                        LeftOut.REQUEST_MISSING_LEFT, LeftOut.REQUEST_MISSING_RIGHT,
                        LeftOut.POSITION_MISSING_LEFT, LeftOut.POSITION_MISSING_RIGHT,
                        LeftOut.LAYER_MISSING_LEFT, LeftOut.LAYER_MISSING_RIGHT,
                        LeftOut.DUPLICATE_LEFT, LeftOut.DUPLICATE_RIGHT);
        assertThat(expected.leftOut().stream().anyMatch(l -> l.reason().equals(LeftOut.OTHER_TEXT)))
                .isEqualTo(text);
        for (int partitions : List.of(1, 8)) {
            assertSame(run(data, partitions), expected);
        }
    }

    @Test
    void rowsThatDoNotFitAreErrors() {
        TwoRoutings data = TwoRoutings.of(12, 7, true);
        Dataset<Row> good = TwoRoutings.table(spark, data.left(), 2).where("request_id is not null");
        Side left = new Side(good, KEY);
        CompareOptions few = new CompareOptions(4, TwoRoutings.TOPK);
        assertThatThrownBy(() -> RoutingComparison.run(left, left, few, CPU))
                .hasStackTraceContaining("is outside [0, 4)");
        CompareOptions three = new CompareOptions(TwoRoutings.EXPERTS, 3);
        assertThatThrownBy(() -> RoutingComparison.run(left, left, three, CPU))
                .hasStackTraceContaining("* topk 3 is")
                .hasStackTraceContaining("--on-bad-rows quarantine");
        Side text = new Side(good.withColumn("token_ids", expr("array(1, 2)")).where("num_tokens > 2"), KEY);
        assertThatThrownBy(() -> RoutingComparison.run(text, text, OPTIONS, CPU))
                .hasStackTraceContaining("token_ids has 2 entries but num_tokens is");
    }

    /** Token ids that one side does not know, or that are NULL, hinder nothing. */
    @Test
    void unknownTextIsCompared() {
        TwoRoutings data = TwoRoutings.of(12, 7, true);
        Dataset<Row> left = TwoRoutings.table(spark, data.left(), 2).where("request_id is not null");
        Dataset<Row> other = left.withColumn("token_ids", expr("transform(token_ids, t -> t + 1)"));
        Dataset<Row> unknown = left.withColumn("token_ids", expr("transform(token_ids, t -> cast(null as int))"));
        Comparison same = RoutingComparison.run(new Side(left, KEY), new Side(left, KEY), OPTIONS, CPU);
        assertThat(same.tokens()).isPositive();
        assertThat(same.tokensDiffering()).isZero();
        assertSame(RoutingComparison.run(new Side(left, KEY), new Side(unknown, KEY), OPTIONS, CPU), same);
        Comparison none = RoutingComparison.run(new Side(left, KEY), new Side(other, KEY), OPTIONS, CPU);
        assertThat(none.leftOut()).extracting(LeftOut::reason).contains(LeftOut.OTHER_TEXT);
        assertThat(none.pairs()).isLessThan(same.pairs());
    }

    /** Ids travel once, as packed rows: the plan has as many rows as the two tables, plus those that cross a block's end. */
    @Test
    void nothingIsExplodedIntoTokens() {
        TwoRoutings data = TwoRoutings.of(40, 9, false);
        Side left = new Side(TwoRoutings.table(spark, data.left(), 2), KEY);
        Side right = new Side(TwoRoutings.table(spark, data.right(), 2), KEY);
        Dataset<Row> plan = RoutingComparison.plan(Lineup.of(left, right), left, right);
        long rows = left.rows().count() + right.rows().count();
        assertThat(plan.count()).isBetween(rows / 2, rows + rows / 10);
        assertThat(plan.schema().apply("topk_ids").dataType().simpleString()).isEqualTo("binary");
    }
}

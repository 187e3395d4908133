package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Which plans the rules make: one evaluation whatever uses the result, filters and limits below, unused results gone. */
class PlanShapeTest {
    private static final SparkSession SPARK = TestSpark.session();
    private static final String ALIGN = "moe_align_block_size(i32, num_experts => 24, block_size => 8)";

    @BeforeAll
    static void table() {
        RoutingTable.register(SPARK);
    }

    @AfterEach
    void reset() {
        SPARK.conf().unset("spark.moe.enabled");
    }

    private static String optimized(String sql) {
        return SPARK.sql(sql).queryExecution().optimizedPlan().toString();
    }

    private static int count(String plan, String what) {
        return plan.split(what, -1).length - 1;
    }

    @Test
    void aResultThatIsFilteredAndSelectedIsEvaluatedOnce() {
        String plan = optimized("SELECT id, m.num_tokens_post_pad FROM (SELECT id, " + ALIGN + " m FROM t) "
                + "WHERE m.num_tokens_post_pad > 30 ORDER BY m.num_tokens_post_pad");
        assertThat(count(plan, "ArrowBatchEval")).isEqualTo(1);
        assertThat(count(plan, "moe_align_block_size\\(i32")).isEqualTo(1);
    }

    @Test
    void theSameCallTwiceIsEvaluatedOnce() {
        String plan = optimized("SELECT " + ALIGN + ".num_tokens_post_pad a, size(" + ALIGN + ".expert_ids) b FROM t");
        assertThat(count(plan, "moe_align_block_size\\(i32")).isEqualTo(1);
    }

    @Test
    void groupingByAResultEvaluatesOnce() {
        String plan = optimized("SELECT " + ALIGN + ".num_tokens_post_pad p, count(*) FROM t GROUP BY 1 ORDER BY 1");
        assertThat(count(plan, "moe_align_block_size\\(i32")).isEqualTo(1);
    }

    @Test
    void filtersOnOtherColumnsGoBelow() {
        String plan = optimized("SELECT * FROM (SELECT id, layer, " + ALIGN
                + " m FROM t) WHERE layer = 1 AND m.num_tokens_post_pad > 30");
        String node = plan.substring(plan.indexOf("ArrowBatchEval"));
        assertThat(node).contains("(layer").contains("= 1)");
        assertThat(node.substring(node.indexOf("Filter"))).doesNotContain("num_tokens_post_pad");
    }

    @Test
    void limitsGoBelow() {
        String plan = optimized("SELECT id, " + ALIGN + " m FROM t LIMIT 7");
        assertThat(plan.substring(plan.indexOf("ArrowBatchEval"))).contains("LocalLimit 7");
    }

    @Test
    void unusedResultsAreDropped() {
        assertThat(optimized("SELECT count(*) FROM (SELECT " + ALIGN + " m FROM t)"))
                .doesNotContain("ArrowBatchEval");
        assertThat(optimized("SELECT c FROM (SELECT " + ALIGN + " m, moe_expert_counts(i32, 24) c FROM t)"))
                .doesNotContain("moe_align_block_size(i32");
    }

    @Test
    void disabledLeavesPlanningUntouched() {
        SPARK.conf().set("spark.moe.enabled", "false");
        assertThat(optimized("SELECT " + ALIGN + ", moe_expert_counts(i32, 24) FROM t"))
                .doesNotContain("ArrowBatchEval");
        assertThat(optimized("SELECT layer, moe_expert_load(i32, 24) FROM t GROUP BY layer"))
                .doesNotContain("MoePartialAggregate");
    }

    @Test
    void functionsUnderAConditionStayThere() {
        Dataset<Row> guarded = SPARK.sql("SELECT CASE WHEN size(ids) = 1 THEN moe_expert_counts(ids, 4) END c "
                + "FROM VALUES (array(1)), (array(7, 7)) AS v(ids)");
        assertThat(guarded.queryExecution().optimizedPlan().toString()).doesNotContain("ArrowBatchEval");
        assertThat(guarded.collectAsList().stream().filter(r -> r.isNullAt(0)).count())
                .isEqualTo(1);
    }

    @Test
    void aggregatesGetTheBatchWisePartialNodeWhereTheyCan() {
        for (String sql : List.of(
                "SELECT layer, moe_expert_load(i16, 24) FROM t GROUP BY layer",
                "SELECT moe_expert_load(packed, 24), moe_padding_sum(packed, 24, array(8, 16)) FROM t",
                "SELECT layer, name, moe_expert_load(nested, 24) FROM t GROUP BY layer, name",
                "SELECT id % 3, moe_expert_load(i16, 24) FROM t GROUP BY id % 3",
                "SELECT layer, moe_expert_load(slice(i16, 1, 4), 24) FROM t GROUP BY layer")) {
            assertThat(optimized(sql)).as(sql).contains("MoePartialAggregate");
        }
        for (String sql : List.of(
                "SELECT layer, moe_expert_load(i16, 24), count(*) FROM t GROUP BY layer",
                "SELECT moe_expert_load(DISTINCT i16, 24) FROM t",
                "SELECT moe_expert_load(i16, 24) FILTER (WHERE layer = 1) FROM t",
                "SELECT moe_expert_load(i16, 24) OVER (PARTITION BY layer) FROM t")) {
            assertThat(optimized(sql)).as(sql).doesNotContain("MoePartialAggregate");
        }
    }

    /** Ids that are an expression: the batch-wise aggregate over a projection, and the same sums. */
    @Test
    void idsMayBeAnExpression() {
        String sql = "SELECT layer, moe_expert_load(slice(i32, 1, 4), 24) a, moe_expert_load(slice(i32, 1, 4), 24) b, "
                + "moe_expert_load(i32, 24) c FROM t GROUP BY layer ORDER BY layer";
        assertThat(count(optimized(sql), "slice\\(i32")).isEqualTo(1);
        List<Row> batchWise = SPARK.sql(sql).collectAsList();
        SPARK.conf().set("spark.moe.enabled", "false");
        assertThat(batchWise).isNotEmpty().isEqualTo(SPARK.sql(sql).collectAsList());
    }
}

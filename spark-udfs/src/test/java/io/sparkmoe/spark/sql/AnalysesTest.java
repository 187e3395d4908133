package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The analyses' aggregates against plain SQL over the exploded table, on every path. */
class AnalysesTest {
    private static final SparkSession SPARK = TestSpark.session();

    @BeforeAll
    static void tables() {
        RoutingTable.register(SPARK);
        SPARK.sql(
                        "SELECT id, layer, cast(pos / 4 AS int) token, pos % 4 slot, e FROM t LATERAL VIEW posexplode(i32) AS pos, e "
                                + "WHERE e >= 0")
                .cache()
                .createOrReplaceTempView("slots");
        SPARK.sql(
                        "SELECT id, l layer, transform(i32, e -> if(e >= 0, cast((e * (2 * l + 1) + l) % 24 AS int), e)) ids, "
                                + "transform(i32, (e, i) -> cast((i * 7 + id) % 5 AS float)) weights "
                                + "FROM t LATERAL VIEW explode(array(1, 2, 5, 9)) AS l")
                .createOrReplaceTempView("layered");
        SPARK.sql("SELECT id, layer, cast(pos / 4 AS int) token, pos, e, weights[pos] w FROM layered LATERAL VIEW "
                        + "posexplode(ids) AS pos, e")
                .cache()
                .createOrReplaceTempView("layered_slots");
        SPARK.sql(
                        "SELECT id % 3 g, b.* FROM (SELECT id, moe_token_blocks(layer, ids, topk => 4) b FROM layered GROUP BY id)")
                .cache()
                .createOrReplaceTempView("wide");
        // Now: a cache filled later would run under the settings of a test, on a plan made without them.
        for (String cached : List.of("slots", "layered_slots", "wide")) {
            assertThat(SPARK.table(cached).count()).isPositive();
        }
    }

    @AfterEach
    void reset() {
        for (String key :
                List.of("spark.sql.parquet.enableVectorizedReader", "spark.moe.enabled", "spark.moe.batch.maxBytes")) {
            SPARK.conf().unset(key);
        }
    }

    private static void use(EveryFunctionTest.Path path) {
        SPARK.conf().set("spark.sql.parquet.enableVectorizedReader", path != EveryFunctionTest.Path.ROWS);
        SPARK.conf().set("spark.moe.enabled", path != EveryFunctionTest.Path.ROW_BY_ROW);
    }

    private static void same(String ours, String plain) throws Exception {
        String plan = SPARK.sql(ours).queryExecution().executedPlan().toString();
        boolean batches = !"false".equals(SPARK.conf().get("spark.moe.enabled", "true"));
        assertThat(plan.contains("MoePartialAggregate")).as(plan).isEqualTo(batches);
        List<String> expected =
                SPARK.sql(plain).toJSON().collectAsList().stream().sorted().toList();
        assertThat(expected).isNotEmpty();
        assertThat(SPARK.sql(ours).toJSON().collectAsList().stream().sorted().toList())
                .isEqualTo(expected);
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "i8, COLUMNAR, tokens", "i32, COLUMNAR, pairs", "i64, ROWS, tokens", "nested, COLUMNAR, adjacent",
        "packed, COLUMNAR, tokens", "i16, ROWS, adjacent", "i32, ROW_BY_ROW, tokens", "i32, ROW_BY_ROW, pairs",
        "i32, ROW_BY_ROW, adjacent"
    })
    void coactivation(String column, EveryFunctionTest.Path path, String kind) throws Exception {
        use(path);
        String on = kind.equals("adjacent") ? " AND abs(a.slot - b.slot) = 1" : "";
        String count = kind.equals("tokens") ? "count(DISTINCT a.id, a.token)" : "count(*)";
        same(
                "SELECT layer, cast(c / 24 AS int) i, c % 24 j, n FROM (SELECT layer, moe_coactivation(" + column
                        + ", 4, 24, kind => '" + kind
                        + "') m FROM t GROUP BY layer) LATERAL VIEW posexplode(m) AS c, n "
                        + "WHERE n > 0",
                "SELECT a.layer, a.e i, b.e j, " + count + " n FROM slots a JOIN slots b ON a.id = b.id AND a.token = "
                        + "b.token" + on + " GROUP BY a.layer, a.e, b.e");
    }

    @ParameterizedTest
    @CsvSource({"ROWS, adjacent, 1", "ROWS, all, 1", "ROW_BY_ROW, adjacent, 2", "ROW_BY_ROW, all, 1"})
    void transitions(EveryFunctionTest.Path path, String pairs, int lag) throws Exception {
        use(path);
        String layers = pairs.equals("all")
                ? "a.layer < b.layer"
                : lag == 1
                        ? "(a.layer, b.layer) IN ((1, 2), (2, 5), (5, 9))"
                        : "(a.layer, b.layer) IN ((1, 5), (2, 9))";
        String plain = "SELECT a.id % 3 g, a.layer x, b.layer y, a.e i, b.e j, count(*) n FROM layered_slots a JOIN "
                + "layered_slots b ON a.id = b.id AND a.token = b.token AND a.e >= 0 AND b.e >= 0 AND " + layers;
        String call = "moe_transition(layers, topk_ids, topk => 4, num_experts => 24, pairs => '" + pairs + "', lag => "
                + lag;
        same(exploded(call + ")"), plain + " GROUP BY a.id % 3, a.layer, b.layer, a.e, b.e");
        same(
                exploded(call + ", slots => 'same', parts => 2, part => 1)"),
                plain + " AND a.pos = b.pos AND "
                        + (pairs.equals("all") ? "(b.layer * (b.layer - 1) / 2 + a.layer)" : "a.layer")
                        + " % 2 = 1 GROUP BY a.id % 3, a.layer, b.layer, a.e, b.e");
    }

    private static String exploded(String call) {
        return "SELECT g, x, y, cast(c / 24 AS int) i, c % 24 j, n FROM (SELECT g, inline(m) AS (x, y, counts) FROM (SELECT g, "
                + call + " m FROM wide GROUP BY g)) LATERAL VIEW posexplode(counts) AS c, n WHERE n > 0";
    }

    @ParameterizedTest
    @ValueSource(strings = {"COLUMNAR", "ROWS", "ROW_BY_ROW"})
    void agreement(EveryFunctionTest.Path path) throws Exception {
        use(path);
        String other = "transform(i32, (e, i) -> if(e >= 0 AND (i + id) % 7 = 0, cast((e + 1) % 24 AS int), e))";
        same(
                "SELECT layer, a.* FROM (SELECT layer, moe_agreement(i16, " + other
                        + ", topk => 4) a FROM t GROUP BY layer)",
                "WITH s AS (SELECT layer, slice(i32, 4 * k + 1, 4) a, slice(o, 4 * k + 1, 4) b FROM (SELECT layer, i32, "
                        + other + " o, explode(sequence(0, size(i32) div 4 - 1)) k FROM t WHERE size(i32) > 0)), "
                        + "u AS (SELECT *, exists(a, e -> coalesce(e, -1) < 0) OR exists(b, e -> coalesce(e, -1) < 0) m FROM s) "
                        + "SELECT layer, count_if(NOT m) tokens, count_if(NOT m AND size(array_except(a, b)) = 0 AND "
                        + "size(array_except(b, a)) = 0) equal_sets, sum(if(m, 0, size(array_intersect(a, b)))) overlap_sum, "
                        + "sum(if(m, 0, size(array_union(a, b)))) union_sum, count_if(NOT m AND a[0] = b[0]) first_equal, "
                        + "count_if(m) masked FROM u GROUP BY layer");
    }

    @ParameterizedTest
    @CsvSource({"ROWS, ''", "ROW_BY_ROW, ''", "ROWS, weights", "ROW_BY_ROW, weights"})
    void capacity(EveryFunctionTest.Path path, String weights) throws Exception {
        use(path);
        String order = weights.isEmpty() ? "pos" : "w DESC, pos";
        String ranked = "SELECT *, if(e >= 0, row_number() OVER (PARTITION BY id, layer, e ORDER BY " + order
                + ") - 1, NULL) r, count(*) OVER (PARTITION BY id, layer) n FROM layered_slots";
        String tokens =
                "SELECT layer, id, token, f, count(r) had, count_if(r >= cap) dropped, first(cap) cap FROM (SELECT *, "
                        + "ceil((cast(n AS double) / 24) * f) cap FROM r LATERAL VIEW explode(array(0.5D, 1.1D, 3.0D)) AS f) GROUP BY "
                        + "layer, id, token, f";
        String passes =
                "SELECT layer, f, id, first(cap) cap, sum(dropped) dropped, count_if(dropped > 0) hit, count_if(dropped "
                        + "> 0 AND dropped = had) lost, count(*) tokens, sum(had) ids FROM k GROUP BY layer, f, id";
        same(
                "SELECT layer, z.factor, z.capacity, z.dropped, z.tokens_hit, z.tokens_lost, c.passes, c.tokens, c.ids FROM "
                        + "(SELECT layer, c, explode(arrays_zip(c.factor, c.capacity, c.dropped, c.tokens_hit, c.tokens_lost)) "
                        + "z FROM (SELECT layer, moe_capacity(ids, 4, 24, array(0.5, 1.1, 3)"
                        + (weights.isEmpty() ? "" : ", topk_weights => weights") + ") c FROM layered GROUP BY layer))",
                "WITH r AS (" + ranked + "), k AS (" + tokens + "), p AS (" + passes
                        + ") SELECT layer, f factor, sum(cap) "
                        + "capacity, sum(dropped) dropped, sum(hit) tokens_hit, sum(lost) tokens_lost, count(*) passes, "
                        + "sum(tokens) tokens, sum(ids) ids FROM p GROUP BY layer, f");
    }

    /** DISTINCT, FILTER and windows keep Spark's own path and say the same. */
    @Test
    void distinctFilterAndWindows() {
        Row row = SPARK.sql(
                        "SELECT moe_coactivation(DISTINCT i32, 4, 24) d, moe_coactivation(i32, 4, 24) FILTER (WHERE layer "
                                + "= 2) f, count(*) n FROM t")
                .first();
        Row plain = SPARK.sql(
                        "SELECT (SELECT moe_coactivation(i32, 4, 24) FROM (SELECT DISTINCT i32 FROM t)) d, (SELECT "
                                + "moe_coactivation(i32, 4, 24) FROM t WHERE layer = 2) f, (SELECT count(*) FROM t) n")
                .first();
        assertThat(row).isEqualTo(plain);
        assertThat(SPARK.sql("SELECT DISTINCT moe_agreement(i8, i16, 4) OVER (PARTITION BY layer).tokens FROM t")
                        .count())
                .isBetween(1L, 5L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"4k", "64m"})
    void groupsBeyondTheBoundAreEmittedEarlyAndAddedUp(String bound) {
        String sql = "SELECT g % 7 h, sum(aggregate(m, 0L, (a, x) -> a + x)) s, sum(m[25]) FROM (SELECT id % 350 g, "
                + "moe_coactivation(i32, 4, 24) m FROM t GROUP BY id % 350) GROUP BY g % 7 ORDER BY h";
        String pairs =
                "SELECT from_layer, to_layer, counts FROM (SELECT inline(moe_transition(layers, topk_ids, 4, 24, pairs "
                        + "=> 'all')) FROM wide) ORDER BY 1, 2";
        List<Row> sums = SPARK.sql(sql).collectAsList();
        List<Row> counts = SPARK.sql(pairs).collectAsList();
        SPARK.conf().set("spark.moe.batch.maxBytes", bound);
        assertThat(SPARK.sql(sql).collectAsList()).isEqualTo(sums).hasSize(7);
        assertThat(SPARK.sql(pairs).collectAsList()).isEqualTo(counts).hasSize(6);
    }

    @Test
    void theResultDoesNotDependOnPartitions() {
        String sql =
                "SELECT moe_coactivation(i32, 4, 24) c, moe_capacity(i32, 4, 24, array(1.0)) k, moe_agreement(i8, packed, "
                        + "4) a FROM ";
        SPARK.table("t").repartition(7).createOrReplaceTempView("seven");
        SPARK.table("t").coalesce(1).createOrReplaceTempView("one");
        assertThat(SPARK.sql(sql + "seven").first())
                .isEqualTo(SPARK.sql(sql + "one").first());
    }

    @Test
    void overNoRows() {
        for (String enabled : List.of("true", "false")) {
            SPARK.conf().set("spark.moe.enabled", enabled);
            Row row = SPARK.sql("SELECT moe_coactivation(i32, 4, 2) c, moe_transition(array(1), array(i32), 4, 2) x, "
                            + "moe_agreement(i32, i32, 4) a, moe_capacity(i32, 4, 2, array(1)) k, moe_token_blocks(layer, i32, "
                            + "4) b FROM t WHERE id < 0")
                    .first();
            assertThat(row.<Long>getList(0)).containsExactly(0L, 0L, 0L, 0L);
            assertThat(row.getList(1)).isEmpty();
            assertThat(row.getStruct(2).getLong(0)).isZero();
            assertThat(row.getStruct(3).<Long>getList(2)).containsExactly(0L);
            assertThat(row.getStruct(4).getList(0)).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SELECT moe_coactivation(array(1, 2, 3), 2, 4) | 3 ids are not whole tokens of topk = 2",
                "SELECT moe_coactivation(array(1, 9), 2, 4) | expert id 9 is outside [0, 4)",
                "SELECT moe_coactivation(array(1), 0, 4) | topk must be in [1, 1024], got 0",
                "SELECT moe_coactivation(array(1), 1, 9000) | num_experts must be in [1, 8192]",
                "SELECT moe_coactivation(array(1), 4) | parameter 'num_experts' is missing",
                "SELECT moe_agreement(array(1), array(1, 2)) | left_ids has 1 ids, right_ids has 2",
                "SELECT moe_agreement(array(1), array(-4)) | expert id -4 in right_ids is outside [0, 65535)",
                "SELECT moe_agreement(array(1), 'x') | right_ids is an array of tinyint",
                "SELECT moe_capacity(array(1), 1, 4, array(-1.0)) | factors must all be finite and above 0",
                "SELECT moe_capacity(array(1), 1, 4, array(1), array(1D, 2D)) | 2 topk_weights for 1 topk_ids",
                "SELECT moe_capacity(array(1), 1, 4, array(1), array('x')) | topk_weights is an array of float or double",
                "SELECT moe_transition(array(2, 1), array(array(1), array(1)), 1, 4) | layer 1 comes after layer 2",
                "SELECT moe_transition(array(1, 2), array(array(1)), 1, 4) | 2 layers but 1 lists of topk_ids",
                "SELECT moe_transition(array(1, 2), array(array(1), array(1, 1)), 1, 4) | list 1 has 2 ids, the others before it have 1",
                "SELECT moe_transition(array(1), array(array(1)), 1, 4, lag => 0) | lag must be at least 1",
                "SELECT moe_transition(array(1), array(1), 1, 4) | topk_ids is an array of arrays of integers",
                "SELECT moe_token_blocks(l, array(1)) FROM VALUES (3), (3) AS v(l) | layer 3 is there twice",
                "SELECT moe_token_blocks(l, sequence(1, l)) FROM VALUES (3), (4) AS v(l) | layer 4 has 4 ids, layer 3 has 3",
                "SELECT moe_token_blocks('x', array(1)) | layer is an integer; got STRING"
            })
    void badInputIsNamed(String sql, String message) {
        for (String enabled : List.of("true", "false")) {
            SPARK.conf().set("spark.moe.enabled", enabled);
            assertThatThrownBy(() -> SPARK.sql(sql).collectAsList())
                    .satisfiesAnyOf(
                            e -> assertThat(e).hasMessageContaining(message),
                            e -> assertThat(e).hasStackTraceContaining(message));
        }
    }

    /** Rows are named in a batch as they are alone. */
    @Test
    void theRowIsNamedInABatch() {
        assertThatThrownBy(() -> SPARK.sql(
                                "SELECT moe_agreement(l, r, 1) FROM (SELECT array(id) l, if(id = 5, array(1, 2), "
                                        + "array(id)) r FROM range(0, 9, 1, 1))")
                        .collectAsList())
                .hasStackTraceContaining("row 5: left_ids has 1 ids, right_ids has 2");
    }
}

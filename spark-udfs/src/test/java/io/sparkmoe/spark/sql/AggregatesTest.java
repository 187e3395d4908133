package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The aggregates on every path and id type: equal to plain sums over the rows, zeros over no rows. */
class AggregatesTest {
    private static final SparkSession SPARK = TestSpark.session();

    @BeforeAll
    static void table() {
        RoutingTable.register(SPARK);
    }

    @AfterEach
    void reset() {
        for (String key : List.of(
                "spark.sql.parquet.enableVectorizedReader",
                "spark.moe.enabled",
                "spark.moe.batch.maxBytes",
                "spark.sql.adaptive.enabled")) {
            SPARK.conf().unset(key);
        }
    }

    static Stream<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (String column : RoutingTable.ID_COLUMNS) {
            for (EveryFunctionTest.Path path : EveryFunctionTest.Path.values()) {
                cases.add(Arguments.of(column, path));
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void loadAndPaddingByGroup(String column, EveryFunctionTest.Path path) throws Exception {
        SPARK.conf().set("spark.sql.parquet.enableVectorizedReader", path != EveryFunctionTest.Path.ROWS);
        SPARK.conf().set("spark.moe.enabled", path != EveryFunctionTest.Path.ROW_BY_ROW);
        String sql = "SELECT layer, moe_expert_load(" + column + ", 24) c, moe_padding_sum(" + column
                + ", 24, array(1, 16)) p FROM t GROUP BY layer";
        Map<Integer, Row> byLayer = new HashMap<>();
        SPARK.sql(sql).collectAsList().forEach(r -> byLayer.put(r.getInt(0), r));
        assertThat(byLayer).hasSize(5);
        for (int layer = 0; layer < 5; layer++) {
            check(byLayer.get(layer), layer);
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    private static void check(Row row, int layer) {
        long[] load = new long[RoutingTable.EXPERTS];
        long[] blocks = new long[2];
        long used = 0;
        long active = 0;
        long segments = 0;
        for (long id = 0; id < RoutingTable.ROWS; id++) {
            int[] ids = RoutingTable.ids(id);
            if (RoutingTable.layer(id) != layer || ids == null) {
                continue;
            }
            segments++;
            for (long c : Definitions.counts(ids, RoutingTable.EXPERTS)) {
                blocks[0] += c;
                blocks[1] += (c + 15) / 16;
                used += c;
                active += c > 0 ? 1 : 0;
            }
            long[] counts = Definitions.counts(ids, RoutingTable.EXPERTS);
            Arrays.setAll(load, e -> load[e] + counts[e]);
        }
        assertThat(row.<Long>getList(1))
                .containsExactly(Arrays.stream(load).boxed().toArray(Long[]::new));
        Row padding = row.getStruct(2);
        assertThat(padding.<Integer>getList(0)).containsExactly(1, 16);
        assertThat(padding.<Long>getList(1)).containsExactly(blocks[0], blocks[1]);
        assertThat(padding.<Long>getList(2)).containsExactly(blocks[0], 16 * blocks[1]);
        assertThat(padding.getLong(3)).isEqualTo(used);
        assertThat(padding.getDouble(4)).isEqualTo((double) active / segments);
    }

    @Test
    void overNoRowsTheyAreZeros() {
        for (String enabled : List.of("true", "false")) {
            SPARK.conf().set("spark.moe.enabled", enabled);
            for (String from : List.of("t WHERE id < 0", "t WHERE i32 IS NULL", "(SELECT * FROM t LIMIT 0)")) {
                Row row = SPARK.sql(
                                "SELECT moe_expert_load(i32, 3) c, moe_padding_sum(i32, 3, array(4)) p FROM " + from)
                        .first();
                assertThat(row.<Long>getList(0)).as(from).containsExactly(0L, 0L, 0L);
                assertThat(row.getStruct(1).<Long>getList(1)).containsExactly(0L);
                assertThat(row.getStruct(1).isNullAt(4)).isTrue();
            }
        }
    }

    @Test
    void groupsBeyondTheBoundAreEmittedEarlyAndAddedUp() {
        String sql = "SELECT sum(aggregate(c, 0L, (a, x) -> a + x)), count(*) FROM "
                + "(SELECT id % 700 g, moe_expert_load(i32, 24) c FROM t GROUP BY id % 700)";
        String keyed =
                "SELECT sum(aggregate(c, 0L, (a, x) -> a + x)), count(*) FROM (SELECT g, moe_expert_load(i32, 24) c "
                        + "FROM (SELECT cast(id % 700 as string) g, i32 FROM t) GROUP BY g)";
        Row expected = SPARK.sql(sql).first();
        SPARK.conf().set("spark.moe.batch.maxBytes", "4k");
        assertThat(SPARK.sql(sql).first()).isEqualTo(expected);
        assertThat(SPARK.sql(keyed).first()).isEqualTo(expected);
        assertThat(expected.getLong(1)).isEqualTo(700);
    }

    @Test
    void distinctFilterWindowAndMixedAggregatesAgreeWithPlainOnes() {
        Row row = SPARK.sql(
                        "SELECT moe_expert_load(DISTINCT i32, 24) d, moe_expert_load(i32, 24) FILTER (WHERE layer = 2) f,"
                                + " count(*) n FROM t")
                .first();
        Row plain = SPARK.sql("SELECT (SELECT moe_expert_load(i32, 24) FROM (SELECT DISTINCT i32 FROM t)) d, "
                        + "(SELECT moe_expert_load(i32, 24) FROM t WHERE layer = 2) f, (SELECT count(*) FROM t) n")
                .first();
        assertThat(row).isEqualTo(plain);
        assertThat(SPARK.sql("SELECT DISTINCT moe_expert_load(i32, 24) OVER (PARTITION BY layer) FROM t")
                        .count())
                .isEqualTo(5);
    }

    @Test
    void adaptiveExecutionChangesNothing() {
        String sql = "SELECT name, moe_expert_load(i8, 24) FROM t GROUP BY name ORDER BY name";
        List<Row> adaptive = SPARK.sql(sql).collectAsList();
        SPARK.conf().set("spark.sql.adaptive.enabled", "false");
        assertThat(SPARK.sql(sql).collectAsList()).isEqualTo(adaptive).hasSize(4);
    }
}

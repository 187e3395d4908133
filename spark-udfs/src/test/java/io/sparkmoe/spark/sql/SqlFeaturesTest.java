package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The functions wherever SQL lets an expression stand: batch-wise and row-wise planning give the same rows. */
class SqlFeaturesTest {
    private static final SparkSession SPARK = TestSpark.session();
    private static final String M = "moe_align_block_size(i32, num_experts => 24, block_size => 8)";
    private static final String Q = "(SELECT id, layer, " + M + " m, moe_expert_counts(i32, 24) h FROM t)";

    @BeforeAll
    static void table() {
        RoutingTable.register(SPARK);
    }

    @AfterEach
    void reset() {
        for (String key :
                List.of("spark.moe.enabled", "spark.sql.adaptive.enabled", "spark.sql.autoBroadcastJoinThreshold")) {
            SPARK.conf().unset(key);
        }
    }

    static Stream<String> queries() {
        return Stream.of(
                "SELECT id FROM t WHERE moe_expert_counts(i32, 24)[0] > 2 ORDER BY id",
                "SELECT layer, sum(" + M + ".num_tokens_post_pad) s FROM t GROUP BY layer ORDER BY layer",
                "SELECT " + M + ".num_tokens_post_pad p, count(*) n FROM t GROUP BY 1 ORDER BY 1",
                "SELECT id FROM t ORDER BY " + M + ".num_tokens_post_pad DESC, id LIMIT 20",
                "SELECT layer, max(" + M + ".num_tokens_post_pad) FROM t GROUP BY layer HAVING min(size(" + M
                        + ".expert_ids)) >= 0 ORDER BY layer",
                "SELECT a.id, a.m FROM " + Q + " a JOIN " + Q + " b ON a.id = b.id AND a.m.num_tokens_post_pad = "
                        + "b.m.num_tokens_post_pad ORDER BY a.id",
                "SELECT /*+ BROADCAST(b) */ a.id, b.h FROM " + Q + " a JOIN " + Q + " b ON a.id = b.id ORDER BY a.id",
                "SELECT /*+ MERGE(b) */ count(*) FROM t a JOIN t b ON moe_expert_counts(a.i32, 24)[1] = "
                        + "moe_expert_counts(b.i16, 24)[2] AND a.id = b.id",
                "SELECT count(*) FROM t a JOIN t b ON a.id = b.id AND moe_expert_counts(concat(a.i32, b.i32), 24)[3] > 3",
                "SELECT count(*) FROM t a LEFT JOIN " + Q + " b ON a.id = b.id + 1 WHERE b.h IS NULL",
                "SELECT h, count(*) n FROM (SELECT h FROM " + Q
                        + " UNION ALL SELECT moe_expert_counts(i16, 24) FROM t) "
                        + "GROUP BY h ORDER BY n DESC, h LIMIT 9",
                "SELECT h FROM " + Q + " UNION SELECT h FROM " + Q + " ORDER BY h",
                "SELECT id, row_number() OVER (PARTITION BY layer ORDER BY h[0], id) r FROM " + Q + " ORDER BY id",
                "SELECT id, sum(" + M
                        + ".num_tokens_post_pad) OVER (PARTITION BY layer ORDER BY id) r FROM t ORDER BY id",
                "SELECT id, (SELECT max(m.num_tokens_post_pad) FROM " + Q + ") mx FROM t WHERE id < 5 ORDER BY id",
                "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM " + Q
                        + " x WHERE x.id = t.id AND x.m.num_tokens_post_pad " + "> 60) ORDER BY id",
                "SELECT id, (SELECT max(x.m.num_tokens_post_pad) FROM " + Q + " x WHERE x.layer = t.layer) mx FROM t "
                        + "WHERE id < 9 ORDER BY id",
                "SELECT id FROM t WHERE id IN (SELECT id FROM " + Q + " WHERE h[2] = 1) ORDER BY id",
                "SELECT id, transform(array(i32, i32), x -> moe_expert_counts(x, 24)[0]) c FROM t ORDER BY id",
                "SELECT id, filter(nested, x -> moe_expert_counts(x, 24)[0] = 0) c FROM t ORDER BY id",
                "SELECT id, e FROM (SELECT id, explode(moe_expert_counts(i32, 24)) e FROM t) WHERE e > 8 ORDER BY id, e",
                "SELECT id, p FROM t LATERAL VIEW posexplode(" + M
                        + ".expert_ids) x AS p, e WHERE e = 3 ORDER BY id, p",
                "SELECT layer, grouping(layer) g, sum(moe_expert_counts(i32, 24)[0]) s FROM t GROUP BY ROLLUP(layer) "
                        + "ORDER BY layer, g",
                "SELECT moe_expert_counts(array(1, 2, 2), 4) c, moe_expert_counts(CAST(NULL AS array<int>), 4) n, "
                        + "moe_expert_counts(NULL, 4) u",
                "SELECT id, moe_grouped_gemm_tiles(moe_ep_preprocess(i32, 24).seg_indptr, 8).tile_expert t FROM t "
                        + "WHERE i32 IS NOT NULL ORDER BY id",
                "SELECT id, moe_expert_counts(" + M + ".expert_ids, 24) c FROM t ORDER BY id",
                "SELECT id, if(layer = 1, moe_expert_counts(i32, 24), NULL) c, coalesce(moe_expert_counts(i32, 24), "
                        + "array(0L)) d FROM t ORDER BY id",
                "SELECT id, moe_expert_counts(transform(i32, x -> x + 1), 25)[0] c FROM t ORDER BY id",
                "WITH q AS " + Q + " SELECT count(*) n, sum(a.m.num_tokens_post_pad) s FROM q a, q b "
                        + "WHERE a.id = b.id AND a.layer = 3");
    }

    @ParameterizedTest
    @MethodSource("queries")
    void batchWiseEqualsRowWise(String sql) throws Exception {
        SPARK.conf().set("spark.moe.enabled", "false");
        List<String> rowWise = json(SPARK.sql(sql));
        SPARK.conf().set("spark.moe.enabled", "true");
        assertThat(json(SPARK.sql(sql))).as(sql).isEqualTo(rowWise).isNotEmpty();
        SPARK.conf().set("spark.sql.adaptive.enabled", "false");
        SPARK.conf().set("spark.sql.autoBroadcastJoinThreshold", "-1");
        assertThat(json(SPARK.sql(sql))).as("without AQE: " + sql).isEqualTo(rowWise);
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    private static List<String> json(Dataset<Row> rows) {
        return rows.toJSON().collectAsList();
    }

    @Test
    void limitsAndTakes() {
        assertThat(SPARK.sql("SELECT * FROM " + Q + " LIMIT 7").collectAsList()).hasSize(7);
        assertThat(SPARK.sql("SELECT * FROM " + Q).takeAsList(5)).hasSize(5);
        assertThat(SPARK.sql("SELECT count(*) FROM (SELECT " + M + " FROM t)")
                        .first()
                        .getLong(0))
                .isEqualTo(RoutingTable.ROWS);
        assertThat(SPARK.sql("SELECT * FROM " + Q + " TABLESAMPLE (50 ROWS)").count())
                .isEqualTo(50);
    }

    @Test
    void cachedResultsAreUsableLater() throws Exception {
        Dataset<Row> cached = SPARK.sql("SELECT * FROM " + Q).cache();
        try {
            assertThat(cached.count()).isEqualTo(RoutingTable.ROWS);
            assertThat(json(cached.orderBy("id"))).isEqualTo(json(SPARK.sql("SELECT * FROM " + Q + " ORDER BY id")));
            assertThat(cached.select("h")
                            .selectExpr("moe_expert_load(transform(h, x -> cast(x AS int)), 64) l")
                            .first()
                            .<Long>getList(0))
                    .hasSize(64);
        } finally {
            cached.unpersist(true);
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void cachedInputIsColumnarAndEqual() {
        Dataset<Row> input =
                SPARK.table("t").select("id", "i32", "i8", "packed").cache();
        try {
            input.count();
            Dataset<Row> query = input.selectExpr(
                    "id",
                    "moe_expert_counts(i32, 24) a",
                    "moe_expert_counts(i8, 24) b",
                    "moe_expert_counts(packed, 24) c");
            assertThat(query.where("NOT (a <=> b AND b <=> c)").count()).isZero();
            assertThat(json(query.select("id", "a").orderBy("id")))
                    .isEqualTo(json(SPARK.sql("SELECT id, moe_expert_counts(i32, 24) a FROM t ORDER BY id")));
        } finally {
            input.unpersist(true);
        }
    }

    @Test
    void parquetWriteAndReadBack() {
        String out = Path.of("target", "features-out").toString();
        SPARK.sql("SELECT * FROM " + Q).write().mode(SaveMode.Overwrite).parquet(out);
        assertThat(json(SPARK.read().parquet(out).orderBy("id")))
                .isEqualTo(json(SPARK.sql("SELECT * FROM " + Q + " ORDER BY id")));
    }

    @Test
    void createTableAsSelectInsertAndViews() {
        SPARK.sql("CREATE OR REPLACE TEMP VIEW v AS SELECT * FROM " + Q);
        SPARK.sql("DROP TABLE IF EXISTS ct");
        SPARK.sql("CREATE TABLE ct USING parquet AS SELECT id, m, h FROM v");
        SPARK.sql("INSERT INTO ct SELECT id, m, h FROM v WHERE layer = 2");
        assertThat(SPARK.table("ct").count())
                .isEqualTo(RoutingTable.ROWS
                        + SPARK.sql("SELECT * FROM v WHERE layer = 2").count());
        persistentView("CREATE OR REPLACE VIEW pv AS SELECT id, moe_expert_counts(m.expert_ids, 24) c FROM ct");
        SPARK.sql("DROP TABLE ct");
    }

    /** Before 4.2 Spark counts functions of extensions as temporary, which a persistent view may not name. */
    private static void persistentView(String create) {
        if (SPARK.version().compareTo("4.2") < 0) {
            assertThatThrownBy(() -> SPARK.sql(create)).hasMessageContaining("INVALID_TEMP_OBJ_REFERENCE");
            return;
        }
        SPARK.sql(create);
        assertThat(SPARK.sql("SELECT * FROM pv WHERE id = 3").count()).isEqualTo(1);
        SPARK.sql("DROP VIEW pv");
    }

    @Test
    void parametersVariablesAndTheColumnApi() {
        List<String> expected = json(SPARK.sql("SELECT moe_expert_counts(i32, 24) c FROM t ORDER BY id"));
        assertThat(json(SPARK.sql("SELECT moe_expert_counts(i32, :e) c FROM t ORDER BY id", java.util.Map.of("e", 24))))
                .isEqualTo(expected);
        SPARK.sql("DECLARE OR REPLACE VARIABLE experts INT DEFAULT 24");
        assertThat(json(SPARK.sql("SELECT moe_expert_counts(i32, experts) c FROM t ORDER BY id")))
                .isEqualTo(expected);
        assertThat(json(SPARK.table("t")
                        .orderBy("id")
                        .select(functions
                                .call_function("moe_expert_counts", functions.col("i32"), functions.lit(24))
                                .as("c"))))
                .isEqualTo(expected);
    }
}

package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.gpu.PlanMetrics;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.SparkPlan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Functions of activations over one another in one query: a batch node each, columns from node to node, tensors in place. */
class TensorChainTest {
    private static final SparkSession SPARK = TestSpark.session();

    private static final String STEPS =
            "moe_post_reorder(moe_silu_and_mul(moe_pre_reorder(hidden, r.topk_ids, ep.src2dst, 2, 6), ep.reorder_topk_ids, "
                    + "6), ep.src2dst, r.topk_ids, r.topk_weights, 2, 3)";

    private static final String CHAIN =
            "SELECT id, " + STEPS + " y FROM (SELECT *, moe_ep_preprocess(r.topk_ids, 8) ep "
                    + "FROM (SELECT *, moe_topk(logits, 8, 2) r FROM x))";

    private static final String INLINE = "SELECT id, "
            + STEPS.replace("ep.", "moe_ep_preprocess(r.topk_ids, 8).").replace("r.topk", "moe_topk(logits, 8, 2).topk")
            + " y FROM x";

    @BeforeAll
    static void table() {
        TensorTable.register(SPARK);
    }

    @AfterEach
    void reset() {
        for (String key : List.of(
                "spark.sql.parquet.enableVectorizedReader",
                "spark.moe.enabled",
                "spark.moe.batch.maxBytes",
                "spark.moe.tensors.inPlace")) {
            SPARK.conf().unset(key);
        }
    }

    private static List<String> rowByRow(String sql) {
        SPARK.conf().set("spark.moe.enabled", "false");
        try {
            return SPARK.sql(sql).toJSON().collectAsList().stream().sorted().toList();
        } finally {
            SPARK.conf().unset("spark.moe.enabled");
        }
    }

    /** Runs a query; one batch node a level, with nothing between them, and the rows of row-by-row evaluation. */
    private static List<SparkPlan> chained(String sql, int levels) {
        Dataset<Row> query = SPARK.sql(sql);
        List<String> rows = query.toJSON().collectAsList().stream().sorted().toList();
        assertThat(rows).isNotEmpty().isEqualTo(rowByRow(sql));
        query.collectAsList();
        List<SparkPlan> nodes = PlanMetrics.nodes(query);
        assertThat(nodes).hasSize(levels);
        for (int i = 0; i + 1 < levels; i++) {
            assertThat(nodes.get(i).children().apply(0)).as("%s", nodes.get(i)).isSameAs(nodes.get(i + 1));
        }
        return nodes;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void isANodeALevelAndHandsTensorsOn(boolean columnar) throws Exception {
        SPARK.conf().set("spark.sql.parquet.enableVectorizedReader", columnar);
        for (String sql : List.of(CHAIN, INLINE)) {
            List<SparkPlan> nodes = chained(sql, 5);
            assertThat(nodes.get(0).supportsColumnar()).isEqualTo(columnar);
            // post_reorder and silu_and_mul take what the nodes below them computed; its bytes are counted there.
            assertThat(PlanMetrics.of(nodes.get(0), "bytesInPlace")).isEqualTo(slots() * 3 * 4);
            assertThat(PlanMetrics.of(nodes.get(1), "bytesInPlace")).isEqualTo(slots() * 6 * 4);
            assertThat(PlanMetrics.of(nodes.get(2), "bytesInPlace")).isZero();
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    /** Slots of the rows that are not NULL in any column of the chain. */
    private static long slots() {
        long n = 0;
        for (long id = 0; id < TensorTable.ROWS; id++) {
            n += TensorTable.hidden(id) == null ? 0 : (long) TensorTable.tokens(id) * TensorTable.TOPK;
        }
        return n;
    }

    @Test
    void withoutItTensorsAreCopied() {
        List<SparkPlan> with = chained(CHAIN, 5);
        SPARK.conf().set("spark.moe.tensors.inPlace", "false");
        List<SparkPlan> without = chained(CHAIN, 5);
        for (int i = 0; i < 2; i++) {
            assertThat(PlanMetrics.of(without.get(i), "bytesInPlace")).isZero();
            assertThat(PlanMetrics.of(without.get(i), "bytesIn") - PlanMetrics.of(with.get(i), "bytesIn"))
                    .isEqualTo(PlanMetrics.of(with.get(i), "bytesInPlace"));
        }
    }

    @Test
    void itsFiguresAreThoseOfTheDefinitions() {
        for (Row row : SPARK.sql(CHAIN).collectAsList()) {
            long id = row.getLong(0);
            float[] hidden = TensorTable.hidden(id);
            if (hidden == null) {
                assertThat(row.isNullAt(1)).isTrue();
                continue;
            }
            int[] ids = TensorDefinitions.topkIds(TensorTable.logits(id), 8, 2);
            int[] to = TensorDefinitions.src2dst(ids);
            double[] exact = TensorDefinitions.softmaxWeights(TensorTable.logits(id), 8, 2, ids);
            float[] weights = new float[exact.length];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = (float) exact[i];
            }
            float[] pre = TensorDefinitions.preReorder(hidden, ids, to, 2, 6, null, 0, 7);
            float[] silu = TensorDefinitions.siluAndMul(
                    pre, TensorDefinitions.reorderTopkIds(ids), 6, 0, 7, NarrowFloats.FP32);
            float[] expected = TensorDefinitions.postReorder(silu, ids, to, weights, 2, 3, 0, 7, 1);
            float[] actual = NarrowFloats.unpack(row.getAs(1));
            assertThat(actual).hasSameSizeAs(expected);
            for (int i = 0; i < actual.length; i++) {
                boolean close = Math.abs(actual[i] - expected[i]) <= 1e-5 * Math.abs(expected[i]) + 1e-4;
                assertThat(close || Float.compare(actual[i], expected[i]) == 0)
                        .as("%s and %s in row %d", actual[i], expected[i], id)
                        .isTrue();
            }
        }
    }

    @Test
    void slicesAreCutOnceWhateverTheBound() throws Exception {
        for (String bound : new String[] {"1", "700", "4k"}) {
            SPARK.conf().set("spark.moe.batch.maxBytes", bound);
            List<SparkPlan> nodes = chained(CHAIN, 5);
            assertThat(PlanMetrics.of(nodes.get(0), "bytesInPlace")).isEqualTo(slots() * 3 * 4);
            assertThat(PlanMetrics.of(nodes.get(0), "cpuBatches") + PlanMetrics.of(nodes.get(0), "gpuBatches"))
                    .as("post_reorder's batches are pre_reorder's")
                    .isEqualTo(PlanMetrics.of(nodes.get(2), "cpuBatches") + PlanMetrics.of(nodes.get(2), "gpuBatches"));
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    /** A row that is NULL in another argument only: the tensor below has values there, and cannot be taken as it is. */
    @Test
    void nullsOfOtherArguments() {
        String sql = "SELECT id, moe_post_reorder(moe_pre_reorder(hidden, r.topk_ids, ep.src2dst, 2, 6), ep.src2dst, "
                + "r.topk_ids, weights, 2, 6) y FROM (SELECT *, moe_ep_preprocess(r.topk_ids, 8) ep FROM (SELECT *, "
                + "moe_topk(logits, 8, 2) r FROM x))";
        chained(sql, 4);
        assertThat(SPARK.sql(sql).where("y IS NULL").count())
                .isEqualTo(SPARK.sql("SELECT * FROM x WHERE hidden IS NULL OR weights IS NULL")
                        .count());
    }

    @Test
    void whatIsComputedBetweenLevelsGoesAboveThem() {
        chained(
                "SELECT j, moe_silu_and_mul(p, reordered, 6) y FROM (SELECT id * 2 j, ids other, ep.reorder_topk_ids "
                        + "reordered, moe_pre_reorder(hidden, ids, ep.src2dst, 2, 6) p FROM (SELECT *, layer + 1 next, "
                        + "moe_ep_preprocess(ids, 8) ep FROM x))",
                3);
    }

    /** Inputs inside a stored column of structs are read where they lie. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void fieldsOfStoredStructs(boolean columnar) {
        SPARK.sql(
                        "SELECT id, if(id % 11 = 0, NULL, named_struct('p', p16, 'in', named_struct('ids', ids, 'w', weights))) s "
                                + "FROM x")
                .write()
                .mode("overwrite")
                .parquet("target/stored-structs");
        SPARK.read().parquet("target/stored-structs").createOrReplaceTempView("stored");
        SPARK.conf().set("spark.sql.parquet.enableVectorizedReader", columnar);
        String sql =
                "SELECT id, moe_post_reorder(moe_pre_reorder(s.p, s.in.ids, ep.src2dst, 2, 6), ep.src2dst, s.in.ids, "
                        + "s.in.w, 2, 6) y FROM (SELECT *, moe_ep_preprocess(s.in.ids, 8, form => 'deepep') ep FROM stored)";
        List<SparkPlan> nodes = chained(sql, 3);
        assertThat(nodes.get(2).supportsColumnar()).isEqualTo(columnar);
        assertThat(SPARK.sql(sql).where("y IS NULL").count())
                .isEqualTo(SPARK.sql(
                                "SELECT * FROM x WHERE hidden IS NULL OR weights IS NULL OR ids IS NULL OR id % 11 = 0")
                        .count());
    }

    @Test
    void packingAndUnpackingBelongToTheChain() {
        List<SparkPlan> nodes = chained(
                "SELECT id, moe_unpack_tensor(moe_pre_reorder(moe_pack_tensor(hidden, 'bf16', 6), ids, "
                        + "moe_ep_preprocess(ids, 8, form => 'deepep').src2dst, 2, 6)) y FROM x WHERE ids IS NOT NULL",
                3);
        assertThat(PlanMetrics.of(nodes.get(0), "bytesInPlace")).isPositive();
        assertThat(PlanMetrics.of(nodes.get(1), "bytesInPlace")).isPositive();
    }

    @Test
    void filtersAndLimitsDoNotBreakIt() throws Exception {
        chained("SELECT * FROM (" + CHAIN.replace("SELECT id,", "SELECT id, layer,") + ") WHERE layer = 1", 5);
        chained("SELECT * FROM (" + CHAIN + ") WHERE length(y) > 60", 5);
        Dataset<Row> limited = SPARK.sql(CHAIN + " LIMIT 7");
        assertThat(limited.collectAsList()).hasSize(7);
        List<SparkPlan> nodes = PlanMetrics.nodes(limited);
        assertThat(nodes).hasSize(5);
        for (int i = 0; i < 4; i++) {
            assertThat(nodes.get(i).children().apply(0)).isSameAs(nodes.get(i + 1));
        }
        assertThat(PlanMetrics.of(nodes.get(0), "numInputRows")).isLessThanOrEqualTo(14);
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    @Test
    void aShuffleBetweenTwoFunctionsTakesPackedTensors() {
        chainedAcrossShuffle("SELECT id, moe_silu_and_mul(p, ids, 6) y FROM (SELECT id, filter(ids, i -> i >= 0) ids, "
                + "moe_pre_reorder(hidden, ids, moe_ep_preprocess(ids, 8, form => 'deepep').src2dst, 2, 6) p FROM x "
                + "DISTRIBUTE BY id % 5)");
    }

    private static void chainedAcrossShuffle(String sql) {
        assertThat(SPARK.sql(sql).toJSON().collectAsList().stream().sorted().toList())
                .isNotEmpty()
                .isEqualTo(rowByRow(sql));
    }
}

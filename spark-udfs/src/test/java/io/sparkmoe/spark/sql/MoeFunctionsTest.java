package io.sparkmoe.spark.sql;

import static io.sparkmoe.spark.functions.MoeFunctions.moe_agreement;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_align_block_size;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_align_compact;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_balance;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_capacity;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_coactivation;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_ep_preprocess;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_expert_counts;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_expert_load;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_grouped_gemm_tiles;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_pack_ids;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_pack_tensor;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_padding;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_padding_sum;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_post_reorder;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_pre_reorder;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_silu_and_mul;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_token_blocks;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_topk;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_transition;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_unpack_ids;
import static io.sparkmoe.spark.functions.MoeFunctions.moe_unpack_tensor;
import static io.sparkmoe.spark.functions.MoeFunctions.option;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.spark.functions.FunctionCatalog;
import io.sparkmoe.spark.functions.MoeFunctions;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** The Column methods give what the SQL functions give, and there is one for each. */
class MoeFunctionsTest {
    private static final SparkSession SPARK = TestSpark.session();

    @Test
    void everySqlFunctionHasItsMethod() {
        Set<String> methods = Arrays.stream(MoeFunctions.class.getMethods())
                .map(Method::getName)
                .filter(name -> name.startsWith("moe_"))
                .collect(Collectors.toSet());
        assertThat(methods)
                .isEqualTo(FunctionCatalog.all().stream().map(f -> f.name()).collect(Collectors.toSet()));
    }

    @Test
    void theyEqualSql() {
        RoutingTable.register(SPARK);
        int[] map = new int[24];
        Arrays.setAll(map, e -> e % 3 == 0 ? e / 3 : -1);
        String sqlMap =
                "array(" + Arrays.stream(map).mapToObj(Integer::toString).collect(Collectors.joining(",")) + ")";
        assertThat(SPARK.table("t")
                        .orderBy("id")
                        .select(
                                moe_align_block_size(
                                                col("i32"), 24, 8, option("expert_map", map), option("masked", "bin"))
                                        .as("a"),
                                moe_align_compact(col("i16"), 24).as("b"),
                                moe_grouped_gemm_tiles(
                                                moe_ep_preprocess(col("i32"), 24, option("form", "deepep"))
                                                        .getField("seg_indptr"),
                                                8)
                                        .as("c"),
                                moe_padding(col("packed"), 24, new int[] {8, 16})
                                        .as("d"),
                                moe_balance(moe_expert_counts(col("i8"), 24), option("ranks", 4))
                                        .as("e"),
                                moe_unpack_ids(moe_pack_ids(col("i64"))).as("f"))
                        .toJSON()
                        .collectAsList())
                .isEqualTo(SPARK.sql("SELECT moe_align_block_size(i32, 24, 8, masked => 'bin', expert_map => " + sqlMap
                                + ") a, moe_align_compact(i16, 24) b, moe_grouped_gemm_tiles(moe_ep_preprocess(i32, 24, "
                                + "form => 'deepep').seg_indptr, 8) c, moe_padding(packed, 24, array(8, 16)) d, "
                                + "moe_balance(moe_expert_counts(i8, 24), ranks => 4) e, moe_unpack_ids(moe_pack_ids(i64)) "
                                + "f FROM t ORDER BY id")
                        .toJSON()
                        .collectAsList());
        assertThat(SPARK.table("t")
                        .agg(
                                moe_expert_load(col("i32"), 24).as("a"),
                                moe_padding_sum(col("i32"), 24, new int[] {8}).as("b"))
                        .first())
                .isEqualTo(SPARK.sql("SELECT moe_expert_load(i32, 24) a, moe_padding_sum(i32, 24, array(8)) b FROM t")
                        .first());
    }

    @Test
    void functionsOfActivationsEqualSql() {
        TensorTable.register(SPARK);
        Column ep = moe_ep_preprocess(col("ids"), 8, option("form", "deepep"));
        Column to = ep.getField("src2dst");
        Column pre = moe_pre_reorder(
                moe_pack_tensor(col("hidden"), "fp16", 6),
                col("ids"),
                to,
                2,
                6,
                option("a1_scales", new float[] {2, 4, 8, 16}),
                option("scale_mode", "per_expert"),
                option("end_expert", 3));
        assertThat(SPARK.table("x")
                        .orderBy("id")
                        .select(
                                moe_unpack_tensor(moe_silu_and_mul(pre, ep.getField("reorder_topk_ids"), 6))
                                        .as("a"),
                                moe_post_reorder(
                                                col("down"),
                                                to,
                                                col("ids"),
                                                col("weights"),
                                                2,
                                                6,
                                                option("routed_scaling_factor", 2.5))
                                        .as("b"),
                                moe_topk(
                                                col("logits"),
                                                8,
                                                2,
                                                option("renormalize", true),
                                                option("scoring", "sigmoid"),
                                                option("correction_bias", new float[] {0, 0, 1, 0, 0, 0, 0, 0.5f}),
                                                option("num_expert_group", 4),
                                                option("topk_group", 2))
                                        .as("c"))
                        .toJSON()
                        .collectAsList())
                .isEqualTo(
                        SPARK.sql("SELECT moe_unpack_tensor(moe_silu_and_mul(moe_pre_reorder(moe_pack_tensor(hidden, "
                                        + "'fp16', 6), ids, ep.src2dst, 2, 6, array(2f, 4f, 8f, 16f), 'per_expert', end_expert => 3), "
                                        + "ep.reorder_topk_ids, 6)) a, moe_post_reorder(down, ep.src2dst, ids, weights, 2, 6, "
                                        + "routed_scaling_factor => 2.5) b, moe_topk(logits, 8, 2, renormalize => true, scoring => "
                                        + "'sigmoid', correction_bias => array(0, 0, 1, 0, 0, 0, 0, 0.5), num_expert_group => 4, "
                                        + "topk_group => 2) c FROM (SELECT *, moe_ep_preprocess(ids, 8, form => 'deepep') ep FROM x) "
                                        + "ORDER BY id")
                                .toJSON()
                                .collectAsList());
    }

    @Test
    void theAnalysesEqualSql() {
        RoutingTable.register(SPARK);
        assertThat(SPARK.table("t")
                        .where("i8 IS NOT NULL")
                        .agg(
                                moe_coactivation(col("i32"), 4, 24, option("kind", "pairs"))
                                        .as("a"),
                                moe_transition(array(lit(1), lit(4)), array(col("i8"), col("i8")), 4, 24)
                                        .as("b"),
                                moe_agreement(col("i8"), col("packed"), 4).as("c"),
                                moe_capacity(
                                                col("i32"),
                                                4,
                                                24,
                                                new double[] {1, 1.5},
                                                option("topk_weights", expr("transform(i32, x -> 0.5F)")))
                                        .as("d"),
                                moe_token_blocks(lit(null), col("i16"), null).as("e"))
                        .toJSON()
                        .first())
                .isEqualTo(SPARK.sql(
                                "SELECT moe_coactivation(i32, 4, 24, 'pairs') a, moe_transition(array(1, 4), array(i8, "
                                        + "i8), 4, 24) b, moe_agreement(i8, packed, 4) c, moe_capacity(i32, 4, 24, array(1D, 1.5D), "
                                        + "transform(i32, x -> 0.5F)) d, moe_token_blocks(NULL, i16) e FROM t WHERE i8 IS NOT NULL")
                        .toJSON()
                        .first());
    }

    @Test
    void wrongOptionsAreNamed() {
        assertThatThrownBy(() -> moe_expert_counts(col("i32"), 24, option("blocks", 1)))
                .hasMessage("moe_expert_counts has no parameter 'blocks'; it has [topk_ids, num_experts, invalid]");
        assertThatThrownBy(() -> moe_expert_counts(col("i32"), 24, option("num_experts", 1)))
                .hasMessage("moe_expert_counts: num_experts is given twice");
    }
}

package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.core.routing.MalformedRoutingException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Wrong calls are refused at analysis, bad ids at run time: what, where, the range, the value, what to do. */
class BadInputTest {
    private static final SparkSession SPARK = TestSpark.session();

    @BeforeAll
    static void tables() {
        RoutingTable.register(SPARK);
        SPARK.sql("SELECT id, if(id = 17, array(1, 2, 24, 3), array(1, 2, 3)) ids, "
                        + "if(id = 17, array(1L, 4294967298L), array(1L)) wide FROM range(0, 40, 1, 2)")
                .write()
                .mode("overwrite")
                .parquet("target/bad-ids");
        SPARK.read().parquet("target/bad-ids").createOrReplaceTempView("bad");
    }

    @AfterEach
    void reset() {
        SPARK.conf().unset("spark.moe.enabled");
        SPARK.conf().unset("spark.sql.ansi.enabled");
    }

    static Stream<Arguments> wrongCalls() {
        return Stream.of(
                Arguments.of("moe_expert_counts(i32)", "parameter 'num_experts' is missing"),
                Arguments.of("moe_expert_counts(i32, 24, 'drop', 1)", "takes at most 3 arguments, got 4"),
                Arguments.of("moe_expert_counts(i32, experts => 24)", "has no parameter 'experts'"),
                Arguments.of("moe_expert_counts(i32, 24, num_experts => 24)", "'num_experts' is given twice"),
                Arguments.of("moe_expert_counts(i32, layer)", "num_experts must be a constant"),
                Arguments.of("moe_expert_counts(i32, 0)", "num_experts must be in [1, 65535], got 0"),
                Arguments.of("moe_expert_counts(i32, -3)", "num_experts must be in [1, 65535], got -3"),
                Arguments.of("moe_expert_counts(i32, '24')", "num_experts must be an integer"),
                Arguments.of("moe_expert_counts(i32, NULL)", "num_experts must not be NULL"),
                Arguments.of("moe_expert_counts(i32, 24, 'ignore')", "invalid is one of 'error', 'drop', got ignore"),
                Arguments.of("moe_expert_counts(name, 24)", "topk_ids is an array of tinyint"),
                Arguments.of("moe_expert_counts(layer, 24)", "topk_ids is an array of tinyint"),
                Arguments.of("moe_expert_counts(array(1.5), 24)", "topk_ids is an array of tinyint"),
                Arguments.of("moe_expert_counts(array('1'), 24)", "topk_ids is an array of tinyint"),
                Arguments.of("moe_align_block_size(i32, 24, 0)", "block_size must be at least 1, got 0"),
                Arguments.of("moe_align_block_size(i32, 24, -8)", "block_size must be at least 1, got -8"),
                Arguments.of("moe_align_block_size(i32, 24, 8, masked => 'keep')", "align takes drop, bin or error"),
                Arguments.of("moe_align_block_size(i32, 4, 8, expert_map => array(0, 1))", "expert_map has 2 entries"),
                Arguments.of("moe_align_block_size(i32, 2, 8, expert_map => array(0, 7))", "expert_map[1] = 7"),
                Arguments.of("moe_ep_preprocess(i32, 24, form => 'kmajor')", "needs topk >= 1"),
                Arguments.of("moe_ep_preprocess(i32, 24, form => 'vllm')", "needs expert_map"),
                Arguments.of("moe_ep_preprocess(i32, 24, form => 'padded')", "needs m_max >= 1"),
                Arguments.of("moe_padding(i32, 24, array())", "block_sizes is empty"),
                Arguments.of("moe_padding(i32, 24, array(8, 0))", "block_sizes must all be at least 1"),
                Arguments.of("moe_padding(i32, 24, 8)", "block_sizes must be an array of integers"),
                Arguments.of("moe_grouped_gemm_tiles(i32, 8)", "seg_indptr is an array of bigint"),
                Arguments.of("moe_grouped_gemm_tiles(array(0L, 1L), 0)", "block_m must be at least 1"),
                Arguments.of("moe_grouped_gemm_tiles(array(0L, 1L), '8')", "block_m is an int"),
                Arguments.of("moe_unpack_ids(i32)", "packed is binary"),
                Arguments.of("moe_expert_load(i32)", "parameter 'num_experts' is missing"),
                Arguments.of("moe_expert_load(i32, 0)", "num_experts must be in [1, 65535]"),
                Arguments.of("moe_expert_load(name, 24)", "topk_ids is an array of tinyint"));
    }

    @ParameterizedTest
    @MethodSource("wrongCalls")
    void wrongCallsAreRefusedAtAnalysis(String call, String message) {
        assertThatThrownBy(() -> SPARK.sql("SELECT " + call + " FROM t"))
                .isInstanceOf(AnalysisException.class)
                .hasMessageContaining(message)
                .hasMessageContaining(call.substring(0, call.indexOf('(')));
    }

    @ParameterizedTest
    @MethodSource("badIds")
    void badIdsNameRowPositionRangeAndValue(String sql, String enabled, List<String> message) throws Exception {
        SPARK.conf().set("spark.moe.enabled", enabled);
        assertThatThrownBy(() -> SPARK.sql(sql).collectAsList())
                .rootCause()
                .isInstanceOf(MalformedRoutingException.class);
        Throwable error = failure(sql);
        assertThat(error).isInstanceOf(MalformedRoutingException.class);
        for (String part : message) {
            assertThat(error.getMessage()).contains(part);
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    static Stream<Arguments> badIds() {
        List<String> counts = List.of("moe_expert_counts", "position 2", "expert id 24", "[0, 24)", "'drop'");
        return Stream.of(
                Arguments.of(
                        "SELECT moe_expert_counts(ids, 24) FROM bad",
                        "true",
                        List.of("row 17", "partition 0", "position 2", "expert id 24", "[0, 24)", "'drop'")),
                Arguments.of("SELECT moe_expert_counts(ids, 24) FROM bad", "false", counts),
                Arguments.of("SELECT moe_expert_load(ids, 24) FROM bad", "true", List.of("row 17", "expert id 24")),
                Arguments.of(
                        "SELECT moe_expert_load(ids, 24) FROM bad", "false", List.of("position 2", "expert id 24")),
                Arguments.of(
                        "SELECT moe_expert_counts(wide, 24) FROM bad",
                        "true",
                        List.of("row 17", "position 1", "expert id 4294967298")),
                Arguments.of(
                        "SELECT moe_align_block_size(ids, 8, 24) FROM bad",
                        "true",
                        List.of("expert id 24", "num_experts (8) is below block_size (24)", "are they swapped?")),
                Arguments.of(
                        "SELECT moe_align_compact(i32, 24, masked => 'error') FROM t",
                        "true",
                        List.of("masked expert id", "masked => 'drop'")),
                Arguments.of(
                        "SELECT moe_expert_counts(unhex('E201'), 24) FROM range(3)",
                        "true",
                        List.of("not packed ids version 1", "0xE2")),
                Arguments.of(
                        "SELECT moe_expert_counts(concat(unhex('E102'), cast(cast(id AS string) AS binary)), 24) FROM "
                                + "range(3)",
                        "true",
                        List.of("row 0", "not a multiple of the width 2")),
                Arguments.of(
                        "SELECT moe_expert_counts(array(array(1), cast(NULL AS array<int>)), 24)",
                        "true",
                        List.of("token 1", "the token's list is NULL")),
                Arguments.of(
                        "SELECT moe_align_block_size(ids, 24, 1073741824) FROM bad WHERE id < 17",
                        "true",
                        List.of("row 0", "sorted_token_ids", "3221225472", "2147483647", "moe_align_compact")));
    }

    /** The innermost complaint that already has the function's name. */
    private static Throwable failure(String sql) {
        try {
            SPARK.sql(sql).collectAsList();
            return new AssertionError("no failure");
        } catch (Exception e) {
            Throwable t = e;
            while (!(t instanceof MalformedRoutingException) && t.getCause() != null) {
                t = t.getCause();
            }
            return t;
        }
    }

    @Test
    void invalidIdsMayBeDroppedOnEveryPath() {
        SPARK.conf().set("spark.moe.enabled", "false");
        checkDropped();
        SPARK.conf().set("spark.moe.enabled", "true");
        checkDropped();
    }

    private static void checkDropped() {
        Row row = SPARK.sql(
                        "SELECT moe_expert_load(ids, 24, invalid => 'drop') a, moe_expert_load(wide, 24, 'drop') b FROM bad")
                .first();
        assertThat(row.<Long>getList(0).stream().mapToLong(Long::longValue).sum())
                .isEqualTo(40 * 3);
        assertThat(row.<Long>getList(1).stream().mapToLong(Long::longValue).sum())
                .isEqualTo(40);
    }

    @Test
    void ansiOrNotWideIdsAreNeverWrapped() {
        for (String ansi : List.of("true", "false")) {
            SPARK.conf().set("spark.sql.ansi.enabled", ansi);
            assertThat(failure("SELECT moe_expert_counts(wide, 24) FROM bad").getMessage())
                    .contains("expert id 4294967298");
        }
    }
}

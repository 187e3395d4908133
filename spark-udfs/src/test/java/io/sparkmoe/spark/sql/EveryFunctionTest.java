package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every id function on every row against its definition: each id type, columnar and row input, batch- and row-wise. */
class EveryFunctionTest {
    private static final SparkSession SPARK = TestSpark.session();
    private static final int E = RoutingTable.EXPERTS;

    enum Path {
        COLUMNAR,
        ROWS,
        ROW_BY_ROW
    }

    static Stream<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (String column : RoutingTable.ID_COLUMNS) {
            for (Path path : Path.values()) {
                for (boolean ansi : new boolean[] {true, false}) {
                    if (ansi || column.equals("i32")) {
                        cases.add(Arguments.of(column, path, ansi));
                    }
                }
            }
        }
        return cases.stream();
    }

    @AfterEach
    void reset() {
        for (String key :
                List.of("spark.sql.parquet.enableVectorizedReader", "spark.moe.enabled", "spark.sql.ansi.enabled")) {
            SPARK.conf().unset(key);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void equalsTheDefinition(String column, Path path, boolean ansi) throws Exception {
        RoutingTable.register(SPARK);
        SPARK.conf().set("spark.sql.ansi.enabled", ansi);
        SPARK.conf().set("spark.sql.parquet.enableVectorizedReader", path != Path.ROWS);
        SPARK.conf().set("spark.moe.enabled", path != Path.ROW_BY_ROW);
        Dataset<Row> query = SPARK.sql(query(column));
        String plan = query.queryExecution().explainString(org.apache.spark.sql.execution.FormattedMode$.MODULE$);
        switch (path) {
            case COLUMNAR -> assertThat(plan).contains("Input path: columnar");
            case ROWS -> assertThat(plan).contains("Input path: rows");
            default -> assertThat(plan).doesNotContain("ArrowBatchEval");
        }
        List<Row> rows = query.collectAsList();
        assertThat(rows).hasSize(RoutingTable.ROWS);
        for (Row row : rows) {
            check(row, RoutingTable.ids(row.getLong(0)));
        }
        assertThat(TestSpark.arrowBytes()).isZero();
    }

    private static String query(String c) {
        return "SELECT id, to_json(moe_align_block_size(" + c + ", num_experts => 24, block_size => 8)) a, "
                + "to_json(moe_align_compact(" + c + ", num_experts => 24)) c, "
                + "to_json(named_struct('reorder_topk_ids', e.reorder_topk_ids, 'src2dst', e.src2dst, 'seg_indptr', "
                + "e.seg_indptr)) e, to_json(moe_expert_counts(" + c + ", num_experts => 24)) n, "
                + "to_json(moe_padding(" + c + ", num_experts => 24, block_sizes => array(1, 16))) p, "
                + "moe_unpack_ids(moe_pack_ids(" + c + ")) u "
                + "FROM (SELECT *, moe_ep_preprocess(" + c + ", num_experts => 24, form => 'deepep') e FROM t)";
    }

    private static void check(Row row, int[] ids) {
        if (ids == null) {
            for (int i = 1; i < row.size(); i++) {
                if (i != 3) {
                    assertThat(row.isNullAt(i))
                            .as("column %d of row %s", i, row)
                            .isTrue();
                }
            }
            return;
        }
        assertThat(row.getString(1)).isEqualTo(Definitions.align(ids, E, 8));
        assertThat(row.getString(2)).isEqualTo(Definitions.compact(ids, E));
        assertThat(row.getString(3)).isEqualTo(Definitions.epPreprocess(ids, E));
        assertThat(row.getString(4)).isEqualTo(Definitions.json(Definitions.counts(ids, E)));
        assertThat(row.getString(5)).isEqualTo(Definitions.padding(ids, E, 1, 16));
        assertThat(row.<Integer>getList(6).stream().mapToInt(Integer::intValue).toArray())
                .isEqualTo(ids);
    }
}

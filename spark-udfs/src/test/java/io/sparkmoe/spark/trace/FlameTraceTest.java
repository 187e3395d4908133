package io.sparkmoe.spark.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.spark.flame.FlameRouting;
import io.sparkmoe.spark.flame.FlameTraces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layout of FLAME-MoE-Traces against the generator's ids: 2 iterations, layers 2 to 4, of which 4 has other row groups. */
final class FlameTraceTest {
    private static final int ROWS = 5000;
    private static final int[] ITERATIONS = {540, 1080};
    private static final FlameRouting ROUTING = new FlameRouting(11, 64, 6);

    @TempDir
    static Path folder;

    private static Path model;
    private final SparkSession spark = TestSpark.session();

    @BeforeAll
    static void write() throws IOException {
        model = folder.resolve("flame-moe-mini");
        // 1,500 and 700 rows a group: no group ends where a block does, and the layers' groups differ.
        for (int i = 0; i < ITERATIONS.length; i++) {
            FlameTraces traces = new FlameTraces(model, ROUTING, ROWS, 1500);
            traces.writeLayer(ITERATIONS[i], 5 * i, 2);
            traces.writeLayer(ITERATIONS[i], 5 * i, 3);
            new FlameTraces(model, ROUTING, ROWS, 700).writeLayer(ITERATIONS[i], 5 * i, 4);
        }
        new FlameTraces(model, ROUTING, ROWS, 300).writeSamples(1700);
    }

    @AfterEach
    void everythingGoesBack() {
        assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isZero();
    }

    private Dataset<Row> read(Path path, String... pairs) {
        var reader = spark.read().format("moe_trace").option("recorder", "flame");
        for (int i = 0; i < pairs.length; i += 2) {
            reader = reader.option(pairs[i], pairs[i + 1]);
        }
        return reader.load(path.toString());
    }

    private static String plan(Dataset<Row> trace) {
        return trace.queryExecution().executedPlan().toString();
    }

    /** Row by row what the generator knows, for the layers and iterations given. */
    private static List<String> expected(int blockRows, boolean tokens, int[] iterations, int... layers) {
        List<String> out = new ArrayList<>();
        for (int iteration : iterations) {
            for (int first = 0; first < ROWS; first += blockRows) {
                for (int layer : layers) {
                    FlameRouting.Layer routed = ROUTING.layer(iteration == 540 ? 0 : 5, layer);
                    List<Object> ids = new ArrayList<>();
                    List<Object> weights = new ArrayList<>();
                    List<Object> tokenIds = new ArrayList<>();
                    int end = Math.min(ROWS, first + blockRows);
                    for (int row = first; row < end; row++) {
                        tokenIds.add(ROUTING.tokenId(row));
                        for (int k = 0; k < 6; k++) {
                            ids.add(routed.id(row, k));
                            weights.add(routed.score(row, k));
                        }
                    }
                    out.add(iteration + " " + layer + " " + first + " " + (end - first) + " " + ids + " " + weights
                            + " " + (tokens ? tokenIds : null));
                }
            }
        }
        Collections.sort(out);
        return out;
    }

    private static List<String> found(Dataset<Row> trace) {
        return trace
                .selectExpr(
                        "checkpoint", "layer", "first_position", "num_tokens", "topk_ids", "topk_weights", "token_ids")
                .collectAsList()
                .stream()
                .map(r -> r.getString(0) + " " + r.get(1) + " " + r.get(2) + " " + r.get(3) + " " + r.getList(4) + " "
                        + r.getList(5) + " " + (r.isNullAt(6) ? null : r.getList(6)))
                .sorted()
                .toList();
    }

    @Test
    void everyIdWeightAndTokenComesBack() {
        assertThat(found(read(model, "tokenIds", "true"))).isEqualTo(expected(1024, true, ITERATIONS, 2, 3, 4));
        assertThat(found(read(model, "maxTokensPerRow", "300"))).isEqualTo(expected(300, false, ITERATIONS, 2, 3, 4));
        assertThat(found(read(model.resolve("actives/iter_0540"), "maxTokensPerRow", "1000000", "tokenIds", "true")))
                .isEqualTo(expected(ROWS, true, new int[] {540}, 2, 3, 4));
    }

    @Test
    void theOtherColumnsSayWhatIsKnown() {
        Dataset<Row> trace = read(model);
        assertThat(trace.schema().apply("topk_ids").dataType().simpleString()).isEqualTo("array<smallint>");
        Row row = trace.where("checkpoint = '1080' and layer = 3 and first_position = 4096")
                .first();
        Map.of(
                        "source",
                        "file:" + model + "/actives/iter_1080",
                        "choice",
                        0,
                        "num_tokens",
                        904,
                        "num_experts",
                        64,
                        "topk",
                        6,
                        "slot_order",
                        "score_desc",
                        "id_space",
                        "logical")
                .forEach((name, value) ->
                        assertThat(row.<Object>getAs(name)).as(name).isEqualTo(value));
        for (String name : List.of("request_id", "step", "rank", "phase", "token_ids", "bad")) {
            assertThat(row.<Object>getAs(name)).as(name).isNull();
        }
        assertThat(row.getJavaMap(row.fieldIndex("attributes"))).hasToString("{engine=flame}");
    }

    @Test
    void theLayersOfABlockStandTogetherAndSplitsChangeNothing() {
        List<String> expected = expected(1024, true, ITERATIONS, 2, 3, 4);
        for (String bytes : List.of("1", "12000", "1g")) {
            spark.conf().set("spark.sql.files.maxPartitionBytes", bytes);
            spark.conf().set("spark.sql.files.openCostInBytes", "1");
            try {
                Dataset<Row> trace = read(model, "tokenIds", "true");
                assertThat(trace.toJavaRDD().getNumPartitions())
                        .isEqualTo(Map.of("1", 6, "12000", 6, "1g", 2).get(bytes));
                assertThat(found(trace)).as(bytes).isEqualTo(expected);
                trace.selectExpr("checkpoint", "first_position", "layer")
                        .toJavaRDD()
                        .glom()
                        .collect()
                        .forEach(FlameTraceTest::inBlockOrder);
            } finally {
                spark.conf().unset("spark.sql.files.maxPartitionBytes");
                spark.conf().unset("spark.sql.files.openCostInBytes");
            }
        }
    }

    private static void inBlockOrder(List<Row> rows) {
        for (int i = 0; i < rows.size(); i++) {
            assertThat(rows.get(i).getInt(2)).isEqualTo(2 + i % 3);
            if (i % 3 > 0) {
                assertThat(rows.get(i).getInt(1)).isEqualTo(rows.get(i - 1).getInt(1));
            }
        }
    }

    @Test
    void onlyTheColumnsAskedForAreRead() {
        assertThat(plan(read(model).selectExpr("count(*)"))).contains("columns [] from []");
        assertThat(read(model).count()).isEqualTo(2 * 3 * 5);
        assertThat(read(model).selectExpr("sum(num_tokens)").first().getLong(0)).isEqualTo(2 * 3 * ROWS);
        assertThat(plan(read(model).select("layer", "topk_ids"))).contains("columns [layer, topk_ids] from [indices]");
        assertThat(plan(read(model).select("topk_weights"))).contains("from [indices, scores]");
        assertThat(read(model, "tokenIds", "true")
                        .select("token_ids")
                        .distinct()
                        .count())
                .isEqualTo(5);
        assertThat(read(model).limit(1).collectAsList()).hasSize(1);
    }

    @Test
    void filtersOnLayersAndCheckpointsLeaveFilesUnread() {
        Dataset<Row> trace = read(model).where("layer > 2 and checkpoint = '1080'");
        assertThat(plan(trace)).contains("iterations [1080] layers 3-4 ");
        assertThat(found(trace)).isEqualTo(expected(1024, false, new int[] {1080}, 3, 4));
        assertThat(plan(read(model).where("checkpoint in ('540', '7')"))).contains("iterations [540] layers 2-4 ");
        assertThat(read(model).where("layer = 9").count()).isZero();
        assertThat(read(model).where("checkpoint = '540' or layer = 2").count()).isEqualTo(4 * 5);
        assertThat(read(model).where("first_position >= 4096").count()).isEqualTo(2 * 3);
    }

    @Test
    void theSessionsOwnReaderSettingsChangeNothing() {
        List<String> keys = List.of(
                "spark.sql.parquet.enableVectorizedReader", "spark.sql.parquet.enableNestedColumnVectorizedReader");
        try {
            keys.forEach(k -> spark.conf().set(k, "false"));
            spark.conf().set("spark.sql.columnVector.offheap.enabled", "true");
            assertThat(found(read(model))).isEqualTo(expected(1024, false, ITERATIONS, 2, 3, 4));
        } finally {
            keys.forEach(k -> spark.conf().unset(k));
            spark.conf().unset("spark.sql.columnVector.offheap.enabled");
        }
    }

    /** What makes the generator worth benchmarking with. */
    @Test
    void theGeneratedRoutingIsSkewedCorrelatedAndDrifts() {
        FlameRouting.Layer early = ROUTING.layer(0, 2);
        FlameRouting.Layer late = ROUTING.layer(5, 2);
        FlameRouting.Layer next = ROUTING.layer(0, 3);
        int[] load = new int[64];
        int[][] follows = new int[64][64];
        int moved = 0;
        int unsorted = 0;
        int repeated = 0;
        for (int row = 0; row < ROWS; row++) {
            long seen = 0;
            for (int k = 0; k < 6; k++) {
                load[early.id(row, k)]++;
                repeated += (seen >>> early.id(row, k) & 1) == 0 ? 0 : 1;
                seen |= 1L << early.id(row, k);
                moved += early.id(row, k) == late.id(row, k) ? 0 : 1;
                unsorted += k > 0 && early.score(row, k) > early.score(row, k - 1) ? 1 : 0;
            }
            follows[early.id(row, 0)][next.id(row, 0)]++;
        }
        assertThat(repeated).isZero();
        assertThat(unsorted).isZero();
        double mean = 6.0 * ROWS / 64;
        assertThat(java.util.Arrays.stream(load).max().getAsInt()).isGreaterThan((int) (1.5 * mean));
        assertThat(moved).isBetween(ROWS / 10, 4 * ROWS);
        int told = 0;
        for (int[] to : follows) {
            told += java.util.Arrays.stream(to).max().getAsInt();
        }
        assertThat(told).as("tokens whose first expert tells the next layer's").isGreaterThan(ROWS / 5);
    }
}

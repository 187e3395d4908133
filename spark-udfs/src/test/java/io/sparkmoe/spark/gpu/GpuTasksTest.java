package io.sparkmoe.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkmoe.spark.exec.MoeMetrics;
import io.sparkmoe.spark.exec.OpenBackends;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.util.ArrowUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tasks on the GPU that are killed, fail, wait for each other, or find little memory: same rows, nothing left behind. */
@RequiresGpu
class GpuTasksTest {
    private static final String IDS = "transform(sequence(0, 1023), i -> cast(pmod(hash(i, id), 256) AS int))";
    private static final String LOAD =
            "SELECT layer, moe_expert_load(ids, 16) h, moe_padding_sum(ids, 16, array(4)) p FROM (SELECT mod(id, 3) layer, "
                    + "transform(sequence(0, 7), j -> cast(mod(id * 7 + j, 16) AS int)) ids FROM range(0, 4000, 1, 3) "
                    + "WHERE %s) GROUP BY layer";
    private static final String ALIGN =
            "SELECT id, moe_align_block_size(ids, 16, 4) m FROM (SELECT id, transform(sequence(0, 7), j -> "
                    + "cast(mod(id * 7 + j, 16) AS int)) ids FROM range(0, 4000, 1, 3) WHERE %s)";

    /** Operator calls that had run on the device when a first attempt failed. */
    private static final AtomicInteger CALLS_BEFORE = new AtomicInteger();

    private SparkSession spark;

    private void start(String master, Map<String, String> settings) {
        spark = GpuSession.start(master, settings);
    }

    @AfterEach
    void nothingStays() throws Exception {
        if (spark != null) {
            assertThat(GpuSession.arrowBytes()).isZero();
            assertThat(OpenBackends.deviceBytes()).isZero();
            spark.stop();
        }
        assertThat(OpenBackends.names()).isEmpty();
    }

    private List<String> sorted(String sql) {
        return spark.sql(sql).toJSON().collectAsList().stream().sorted().toList();
    }

    private List<String> byCpu(String sql) {
        spark.conf().set("spark.moe.backend", "cpu");
        List<String> rows = sorted(sql);
        spark.conf().set("spark.moe.backend", "cuda");
        return rows;
    }

    private static long deviceCalls() {
        return MoeMetrics.totals().get("deviceCalls").sum();
    }

    @Test
    void aKilledQueryLeavesNothingAndTheBackendUsable() throws Exception {
        start("local[2]", Map.of("spark.moe.batch.maxBytes", "8m"));
        for (String query : List.of(
                "SELECT count(*) FROM (SELECT moe_align_block_size(ids, 256, 64) m FROM (SELECT " + IDS
                        + " ids FROM range(0, 400000, 1, 2))) WHERE m.num_tokens_post_pad > 1",
                "SELECT moe_expert_load(ids, 256) m FROM (SELECT " + IDS + " ids FROM range(0, 4000000, 1, 2))")) {
            long before = deviceCalls();
            ExecutorService pool = Executors.newSingleThreadExecutor();
            try {
                Future<?> running = pool.submit(() -> {
                    spark.sparkContext().setJobGroup("to-kill", "a query that is killed", true);
                    return spark.sql(query).collectAsList();
                });
                for (int i = 0; i < 600 && deviceCalls() < before + 4 && !running.isDone(); i++) {
                    Thread.sleep(20);
                }
                assertThat(deviceCalls()).as("calls on the GPU").isGreaterThanOrEqualTo(before + 4);
                assertThat(ArrowUtils.rootAllocator().getAllocatedMemory()).isPositive();
                spark.sparkContext().cancelJobGroup("to-kill");
                assertThatThrownBy(() -> running.get(60, TimeUnit.SECONDS)).hasStackTraceContaining("cancelled");
            } finally {
                pool.shutdownNow();
            }
            assertThat(GpuSession.arrowBytes()).as(query).isZero();
            assertThat(OpenBackends.deviceBytes()).as(query).isZero();
            String small = String.format(ALIGN, "true");
            List<String> expected = byCpu(small);
            long usable = deviceCalls();
            assertThat(sorted(small)).isEqualTo(expected);
            assertThat(deviceCalls()).as("the GPU goes on").isGreaterThan(usable);
        }
    }

    @Test
    void tasksThatFailAfterABatchAreRunAgainWithTheSameRows() {
        start("local[2,4]", Map.of("spark.moe.batch.maxBytes", "4k"));
        spark.udf().register("sound", (UDF1<Long, Boolean>) row -> row != 1200 || failFirst(), DataTypes.BooleanType);
        for (String query : List.of(ALIGN, LOAD)) {
            List<String> expected = byCpu(String.format(query, "true"));
            CALLS_BEFORE.set(0);
            int before = (int) deviceCalls();
            assertThat(sorted(String.format(query, "sound(id)"))).isEqualTo(expected);
            assertThat(CALLS_BEFORE.get() - before)
                    .as("calls on the GPU before the failure")
                    .isPositive();
        }
    }

    private static boolean failFirst() {
        if (TaskContext.get().attemptNumber() == 0) {
            CALLS_BEFORE.set((int) deviceCalls());
            throw new IllegalStateException("the test has the first attempt fail");
        }
        return true;
    }

    @Test
    void oneTaskAtATimeOnTheDeviceServesFourThreads() {
        start("local[4]", Map.of("spark.moe.gpu.concurrentTasks", "1", "spark.moe.batch.maxBytes", "64k"));
        String from = "(SELECT id, id % 5 g, " + IDS + " ids FROM range(0, 2000, 1, 8))";
        for (String query : List.of(
                "SELECT id, moe_align_block_size(ids, 256, 16) a, moe_expert_counts(ids, 256) c FROM " + from,
                "SELECT g, moe_expert_load(ids, 256) l FROM " + from + " GROUP BY g")) {
            List<String> expected = byCpu(query);
            Dataset<Row> rows = spark.sql(query);
            assertThat(rows.toJSON().collectAsList().stream().sorted().toList()).isEqualTo(expected);
            rows.collectAsList();
            assertThat(PlanMetrics.of(rows).get("gpuBatches")).isGreaterThanOrEqualTo(8);
            assertThat(PlanMetrics.of(rows)).containsEntry("cpuBatches", 0L).containsEntry("fallbacks", 0L);
        }
    }

    /** A few hundred KB of device memory: batches are cut until they fit. */
    @Test
    void littleDeviceMemorySplitsBatches() {
        start("local[2]", Map.of("spark.moe.gpu.memoryFraction", "0.000008"));
        String query =
                "SELECT id, moe_expert_counts(ids, 256) c FROM (SELECT id, " + IDS + " ids FROM range(0, 4000, 1, 2))";
        List<String> expected = byCpu(query);
        Dataset<Row> rows = spark.sql(query);
        assertThat(rows.toJSON().collectAsList().stream().sorted().toList()).isEqualTo(expected);
        rows.collectAsList();
        assertThat(PlanMetrics.of(rows).get("splits"))
                .as("%s", PlanMetrics.of(rows))
                .isPositive();
        assertThat(PlanMetrics.of(rows).get("gpuBatches")).isPositive();
    }

    /** Without page-locked memory results lie in Arrow's own. */
    @Test
    void withoutPinnedMemoryTheRowsAreTheSame() {
        start("local[2]", Map.of("spark.moe.gpu.pinnedMemory", "1k"));
        for (String query : List.of(ALIGN, LOAD)) {
            String sql = String.format(query, "true");
            List<String> expected = byCpu(sql);
            assertThat(sorted(sql)).isEqualTo(expected);
        }
    }
}

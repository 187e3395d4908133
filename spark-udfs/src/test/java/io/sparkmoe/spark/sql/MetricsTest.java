package io.sparkmoe.spark.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkmoe.spark.gpu.Gpu;
import io.sparkmoe.spark.gpu.PlanMetrics;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** What a run did, where one looks for it: the SQL tab's REST API, explain, and the plugin's metrics. */
class MetricsTest {
    private static final SparkSession SPARK = TestSpark.session();

    private static final boolean ON_GPU =
            !SPARK.conf().get("spark.moe.backend", "auto").equals("cpu") && Gpu.usable();

    /** The ids of the table, all and masked ones. */
    private static long[] idsAndMasked() {
        long ids = 0;
        long masked = 0;
        for (long id = 0; id < RoutingTable.ROWS; id++) {
            int[] row = RoutingTable.ids(id);
            for (int i = 0; row != null && i < row.length; i++) {
                ids++;
                masked += row[i] < 0 ? 1 : 0;
            }
        }
        return new long[] {ids, masked};
    }

    @Test
    void theExecutedPlanNamesTheBackendThatRan() {
        RoutingTable.register(SPARK);
        Dataset<Row> query = SPARK.sql("SELECT moe_expert_counts(i32, 24) c FROM t");
        assertThat(query.collectAsList()).hasSize(RoutingTable.ROWS);
        Map<String, Long> metrics = PlanMetrics.of(query);
        assertThat(metrics)
                .containsEntry("numInputRows", (long) RoutingTable.ROWS)
                .containsEntry("numIds", idsAndMasked()[0])
                .containsEntry("maskedIds", idsAndMasked()[1])
                .containsEntry("fallbacks", 0L)
                .containsEntry("splits", 0L);
        List<String> device = List.of(
                "gpuBatches",
                "bytesToDevice",
                "bytesFromDevice",
                "deviceCopyTime",
                "deviceKernelTime",
                "peakDeviceMemory");
        if (ON_GPU) {
            assertThat(metrics).containsEntry("cpuBatches", 0L);
            assertThat(device)
                    .allSatisfy(key -> assertThat(metrics.get(key)).as(key).isPositive());
            // Four bytes an id at most, and the offsets of the rows and of their batches.
            assertThat(metrics.get("bytesToDevice"))
                    .isLessThanOrEqualTo(4 * (idsAndMasked()[0] + RoutingTable.ROWS + metrics.get("gpuBatches")));
        } else {
            assertThat(metrics.get("cpuBatches")).isPositive();
            assertThat(device)
                    .allSatisfy(key -> assertThat(metrics.get(key)).as(key).isNotPositive());
        }
    }

    @Test
    @DisabledIfSystemProperty(named = "spark.ui.enabled", matches = "false", disabledReason = "there is no web page")
    void theRestApiShowsTheNodesMetrics() throws Exception {
        RoutingTable.register(SPARK);
        SPARK.sql("SELECT moe_expert_counts(i32, 24) c FROM t")
                .write()
                .format("noop")
                .mode("append")
                .save();
        Map<String, String> metrics = metricsOf("ArrowBatchEval");
        long ids = idsAndMasked()[0];
        long masked = idsAndMasked()[1];
        assertThat(number(metrics.get("number of input rows"))).isEqualTo(RoutingTable.ROWS);
        assertThat(number(metrics.get("number of output rows"))).isEqualTo(RoutingTable.ROWS);
        assertThat(number(metrics.get("number of expert ids"))).isEqualTo(ids);
        assertThat(number(metrics.get("masked ids left out"))).isEqualTo(masked);
        assertThat(number(metrics.get(ON_GPU ? "batches on the GPU" : "batches on the CPU")))
                .isPositive();
        assertThat(metrics).containsKeys("peak Arrow memory of a task", "time in the operators");
    }

    private static long number(String text) {
        return Long.parseLong(text.replace(",", ""));
    }

    /** Metrics of the named node in the newest query that has one. */
    private static Map<String, String> metricsOf(String node) throws Exception {
        for (int attempt = 0; attempt < 50; attempt++) {
            JsonNode queries = get("/sql?details=true&planDescription=false&offset=0&length=100000");
            for (int q = queries.size() - 1; q >= 0; q--) {
                for (JsonNode n : queries.get(q).get("nodes")) {
                    Map<String, String> found = new HashMap<>();
                    n.get("metrics")
                            .forEach(m -> found.put(
                                    m.get("name").asText(), m.get("value").asText()));
                    if (n.get("nodeName").asText().equals(node) && found.containsKey("masked ids left out")) {
                        return found;
                    }
                }
            }
            Thread.sleep(100);
        }
        throw new AssertionError("no metrics of " + node);
    }

    private static JsonNode get(String path) throws Exception {
        String ui = SPARK.sparkContext().uiWebUrl().get().replaceFirst("//[^:]+", "//127.0.0.1");
        String app = SPARK.sparkContext().applicationId();
        HttpRequest request = HttpRequest.newBuilder(URI.create(ui + "/api/v1/applications/" + app + path))
                .build();
        return new ObjectMapper()
                .readTree(HttpClient.newHttpClient()
                        .send(request, HttpResponse.BodyHandlers.ofString())
                        .body());
    }

    @Test
    void thePluginPublishesRunningTotals() {
        RoutingTable.register(SPARK);
        long before = gauge("ids");
        Row row = SPARK.sql("SELECT moe_expert_load(i32, 24) c FROM t").first();
        long counted = row.<Long>getList(0).stream().mapToLong(Long::longValue).sum();
        assertThat(gauge("ids") - before).isGreaterThanOrEqualTo(counted);
        assertThat(gauge("rows")).isPositive();
        if (ON_GPU) {
            assertThat(gauge("deviceCalls")).isPositive();
            assertThat(gauge("bytesToDevice")).isPositive();
        } else {
            assertThat(gauge("deviceCalls")).isZero();
        }
    }

    private static long gauge(String name) {
        return SparkEnv.get()
                                .metricsSystem()
                                .getSourcesByName("plugin.io.sparkmoe.spark.MoeSparkPlugin")
                                .head()
                                .metricRegistry()
                                .getGauges()
                                .get(name)
                                .getValue()
                        instanceof Long value
                ? value
                : -1;
    }
}

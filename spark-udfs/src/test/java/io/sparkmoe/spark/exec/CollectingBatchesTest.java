package io.sparkmoe.spark.exec;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.RoutingBackends.Request;
import io.sparkmoe.core.routing.RoutingBackend;
import io.sparkmoe.spark.gpu.PlanMetrics;
import io.sparkmoe.spark.jobs.LocalSpark;
import io.sparkmoe.spark.sql.RoutingTable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Aggregates on a backend whose calls are worth it only for more ids than a batch of the reader has. */
class CollectingBatchesTest {
    private static final SparkSession SPARK = LocalSpark.get();

    @BeforeEach
    @AfterEach
    void nothingIsOpen() {
        ExecutorBackend.closeAll();
        SPARK.conf().set("spark.moe.backend", "cpu");
    }

    /** The CPU's, but as patient as a GPU. */
    private static RoutingBackend patient() {
        RoutingBackend cpu = ExecutorBackend.get(Request.CPU, false, null);
        return (RoutingBackend) Proxy.newProxyInstance(
                RoutingBackend.class.getClassLoader(), new Class<?>[] {RoutingBackend.class}, (p, method, args) -> {
                    if (method.getName().equals("worthwhileBytes")) {
                        return 8L << 20;
                    }
                    try {
                        return method.invoke(cpu, args);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static List<String> rows(String column) {
        Dataset<Row> query = SPARK.sql("SELECT layer, moe_expert_load(" + column + ", 24) l, moe_padding_sum(" + column
                + ", 24, array(1, 16)) p FROM t GROUP BY layer ORDER BY layer");
        List<String> rows = query.toJSON().collectAsList();
        query.collectAsList();
        assertThat(PlanMetrics.of(query).get("cpuBatches")).isPositive();
        assertThat(PlanMetrics.of(query)).containsEntry("numInputRows", (long) RoutingTable.ROWS);
        return rows;
    }

    @ParameterizedTest
    @ValueSource(strings = {"i8", "i16", "i32", "i64", "nested", "packed"})
    void eachRowCountsOnce(String column) {
        RoutingTable.register(SPARK);
        List<String> expected = rows(column);
        ExecutorBackend.OPEN.put(ExecutorBackend.CPU_KEY, patient());
        assertThat(rows(column)).isEqualTo(expected).hasSize(5);
        SPARK.conf().set("spark.sql.parquet.enableVectorizedReader", "false");
        assertThat(rows(column)).as("from rows").isEqualTo(expected);
        SPARK.conf().unset("spark.sql.parquet.enableVectorizedReader");
    }
}

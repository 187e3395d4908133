package io.sparkmoe.spark.cluster;

import io.sparkmoe.spark.exec.MoeMetrics;
import io.sparkmoe.spark.exec.OpenBackends;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.sql.SparkSession;

/** The application that {@link AssignedGpusIT} submits: the same queries on both backends, and who ran on which GPU. */
public final class AssignedGpusApp {
    private static final String ROWS =
            "(SELECT id, id % 7 g, transform(sequence(0, 255), i -> cast(pmod(hash(i, id), 64) AS "
                    + "int)) ids FROM range(0, 20000, 1, 16))";
    private static final List<String> QUERIES = List.of(
            "SELECT g, moe_expert_load(ids, 64) l, moe_padding_sum(ids, 64, array(16)) p FROM " + ROWS + " GROUP BY g",
            "SELECT g, sum(hash(to_json(moe_align_block_size(ids, 64, 16)))) a FROM " + ROWS + " GROUP BY g");

    private AssignedGpusApp() {}

    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder().appName("assigned GPUs").getOrCreate();
        for (String query : QUERIES) {
            spark.conf().set("spark.moe.backend", "cpu");
            List<String> expected = rows(spark, query);
            spark.conf().set("spark.moe.backend", "auto");
            System.out.println(
                    expected.size() + " groups, same " + rows(spark, query).equals(expected));
        }
        JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(Collections.nCopies(16, 0), 16)
                .mapPartitions(AssignedGpusApp::whoAmI)
                .distinct()
                .collect()
                .stream()
                .sorted()
                .forEach(System.out::println);
        spark.stop();
    }

    private static List<String> rows(SparkSession spark, String query) {
        return spark.sql(query).toJSON().collectAsList().stream().sorted().toList();
    }

    /** Slow enough that one executor cannot take every task. */
    private static Iterator<String> whoAmI(Iterator<Integer> ignored) throws InterruptedException {
        Thread.sleep(300);
        ResourceInformation gpu = TaskContext.get().resourcesJMap().get("gpu");
        long calls = MoeMetrics.totals().get("deviceCalls").sum();
        return List.of("executor " + SparkEnv.get().executorId() + " gpu " + Arrays.toString(gpu.addresses())
                        + " backends "
                        + OpenBackends.names().stream().sorted().toList() + " worked on the device " + (calls > 0)
                        + " device bytes left " + OpenBackends.deviceBytes())
                .iterator();
    }
}

package io.sparkmoe.spark.gpu;

import io.sparkmoe.spark.exec.OpenBackends;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** Asks for cuda where there is no GPU, first leniently, then strictly; for a JVM of its own. */
public final class NoGpuApp {
    private NoGpuApp() {}

    public static void main(String[] args) {
        SparkSession spark = GpuSession.start("local[1]", Map.of());
        String query = "SELECT moe_expert_load(ids, 4) FROM (SELECT array(cast(id % 4 AS int)) ids FROM range(100))";
        System.out.println("lenient: " + spark.sql(query).first() + " on " + OpenBackends.names());
        spark.conf().set("spark.moe.backend.strict", "true");
        try {
            System.out.println("strict: " + spark.sql(query).first());
        } catch (Exception e) {
            Throwable cause = e;
            while (cause.getCause() != null && !(cause instanceof IllegalStateException)) {
                cause = cause.getCause();
            }
            System.out.println("strict failed: " + cause.getMessage());
        }
        spark.conf().set("spark.moe.backend.strict", "false");
        System.out.println("lenient again: " + spark.sql(query).first());
        spark.stop();
    }
}

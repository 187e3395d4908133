package io.sparkmoe.spark.scan;

import io.sparkmoe.spark.MoeSparkPlugin;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** The session of the scan's tests, and what reads a table with both scans. */
final class TestSpark {
    private TestSpark() {}

    static SparkSession session() {
        return SparkSession.builder()
                .master("local[2]")
                .config("spark.plugins", MoeSparkPlugin.class.getName())
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "2")
                .getOrCreate();
    }

    /** A query over a file or folder, seen as the view {@code t}, with one of the scans. */
    static org.apache.spark.sql.Dataset<org.apache.spark.sql.Row> query(String scan, Path table, String sql) {
        SparkSession spark = session();
        spark.conf().set("spark.moe.scan", scan);
        try {
            spark.read().parquet(table.toString()).createOrReplaceTempView("t");
            var rows = spark.sql(sql);
            // The plan is made now, while the setting holds.
            rows.queryExecution().executedPlan();
            return rows;
        } finally {
            spark.conf().unset("spark.moe.scan");
        }
    }
}

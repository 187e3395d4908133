package io.sparkmoe.spark.faults;

import org.apache.spark.sql.SparkSession;

/** Local sessions that try a failed task again, as clusters do; Spark's {@code local[2]} gives up at once. */
final class FaultySession {
    private FaultySession() {}

    /** Starts one in place of the session that this JVM may have. The caller stops it. */
    static SparkSession start() {
        SparkSession.getDefaultSession().foreach(session -> {
            session.stop();
            return null;
        });
        return SparkSession.builder()
                .master("local[2,4]")
                .appName("faults-tests")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "3")
                .config("spark.sql.files.maxPartitionBytes", "400k")
                .config("spark.sql.files.openCostInBytes", "0")
                .getOrCreate();
    }
}

package io.sparkmoe.spark.jobs;

import org.apache.spark.sql.SparkSession;

/** One small local session for the tests of this module's jobs; Surefire's JVM ends it. */
public final class LocalSpark {
    private LocalSpark() {}

    /** The session, with few shuffle partitions and without a web page. */
    public static SparkSession get() {
        SparkSession spark = SparkSession.builder()
                .master("local[2]")
                .appName("jobs-tests")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "3")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
        spark.sparkContext().setLogLevel("WARN");
        return spark;
    }
}

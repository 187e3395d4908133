package io.sparkmoe.spark.jobs;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/** The Spark session of one command; stopped when the command ends, unless it was there before. */
final class JobSession implements AutoCloseable {
    private static final String PLUGIN = "io.sparkmoe.spark.MoeSparkPlugin";
    private static final String PLUGINS = "spark.plugins";

    private final SparkSession spark;
    private final boolean ours;

    private JobSession(SparkSession spark, boolean ours) {
        this.spark = spark;
        this.ours = ours;
    }

    /** Opens a session as the options, spark-submit and the system properties say. */
    static JobSession open(CommonOptions options, String verb) {
        Option<SparkSession> running = SparkSession.getDefaultSession();
        if (running.isDefined() && !running.get().sparkContext().isStopped()) {
            return new JobSession(running.get(), false);
        }
        SparkSession spark = SparkSession.builder().config(conf(options, verb)).getOrCreate();
        spark.sparkContext().setLogLevel(options.verbose() ? "INFO" : "WARN");
        return new JobSession(spark, true);
    }

    private static SparkConf conf(CommonOptions options, String verb) {
        SparkConf conf = new SparkConf();
        for (Map.Entry<String, String> e : options.conf().entrySet()) {
            conf.set(e.getKey(), e.getValue());
        }
        conf.setIfMissing("spark.master", options.master() == null ? "local[*]" : options.master());
        conf.setIfMissing("spark.app.name", "spark-moe " + verb);
        if (conf.get("spark.master").startsWith("local")) {
            // A laptop's host name need not resolve, and nothing outside has to reach a local driver.
            conf.setIfMissing("spark.driver.host", "127.0.0.1");
            conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
            // Spark's web page would listen on every address of the machine.
            conf.setIfMissing("spark.ui.enabled", "false");
        }
        String plugins = conf.get(PLUGINS, "");
        if (!plugins.contains(PLUGIN)) {
            conf.set(PLUGINS, plugins.isEmpty() ? PLUGIN : plugins + "," + PLUGIN);
        }
        return conf;
    }

    SparkSession spark() {
        return spark;
    }

    @Override
    public void close() {
        if (ours) {
            spark.stop();
        }
    }
}

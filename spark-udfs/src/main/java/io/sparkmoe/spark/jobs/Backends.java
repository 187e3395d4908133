package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.MoeConf;
import io.sparkmoe.spark.exec.ExecutorBackend;
import io.sparkmoe.spark.jobs.passes.BackendSource;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.SparkSession;

/** The backend that tasks of a job run on, as the session's configuration asks. */
final class Backends {
    private Backends() {}

    static MoeConf conf(SparkSession spark) {
        RuntimeConfig conf = spark.conf();
        return MoeConf.read(conf::get);
    }

    static BackendSource source(SparkSession spark) {
        MoeConf conf = conf(spark);
        return () -> ExecutorBackend.get(conf);
    }
}

package io.sparkmoe.spark.scan;

import java.util.Map;
import org.apache.spark.sql.execution.metric.SQLMetric;

/** A scan of a data source whose id columns are decoded here. */
public interface IdScan {
    /** What it did, for the nodes above it to show; empty where Spark's reader reads all. */
    Map<String, SQLMetric> idMetrics();
}

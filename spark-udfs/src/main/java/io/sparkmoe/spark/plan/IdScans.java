package io.sparkmoe.spark.plan;

import io.sparkmoe.spark.interop.Scala;
import io.sparkmoe.spark.scan.IdParquetFormat;
import io.sparkmoe.spark.scan.IdScan;
import java.util.Map;
import org.apache.spark.sql.execution.FileSourceScanExec;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.datasources.v2.BatchScanExec;
import org.apache.spark.sql.execution.metric.SQLMetric;

/** The id scan below a node: Spark's scan node shows no metrics but its own, so the node that takes the ids does. */
final class IdScans {
    private IdScans() {}

    /** The metrics of the first id scan below, down to what is no longer of the same stage; empty where there is none. */
    static Map<String, SQLMetric> metrics(SparkPlan plan) {
        if (plan instanceof FileSourceScanExec scan && scan.relation().fileFormat() instanceof IdParquetFormat format) {
            return format.metrics().all();
        }
        if (plan instanceof BatchScanExec scan && scan.scan() instanceof IdScan ids) {
            return ids.idMetrics();
        }
        for (SparkPlan child : Scala.list(plan.children())) {
            Map<String, SQLMetric> found = metrics(child);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return Map.of();
    }
}

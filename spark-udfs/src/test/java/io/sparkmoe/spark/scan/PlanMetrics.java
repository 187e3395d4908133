package io.sparkmoe.spark.scan;

import io.sparkmoe.spark.interop.Scala;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec;
import org.apache.spark.sql.execution.adaptive.QueryStageExec;

/** Metrics of an executed plan. */
final class PlanMetrics {
    private PlanMetrics() {}

    /** Of all nodes that show it, the largest value. */
    static long sum(Dataset<Row> rows, String key) {
        return sum(rows.queryExecution().executedPlan(), key);
    }

    private static long sum(SparkPlan plan, String key) {
        if (plan instanceof AdaptiveSparkPlanExec adaptive) {
            return sum(adaptive.executedPlan(), key);
        }
        if (plan instanceof QueryStageExec stage) {
            return sum(stage.plan(), key);
        }
        long own = plan.metrics().contains(key) ? plan.metrics().apply(key).value() : 0;
        for (SparkPlan child : Scala.list(plan.children())) {
            own = Math.max(own, sum(child, key));
        }
        return own;
    }
}

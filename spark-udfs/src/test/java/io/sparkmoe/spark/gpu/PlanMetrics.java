package io.sparkmoe.spark.gpu;

import io.sparkmoe.spark.interop.Scala;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.AdaptiveSparkPlanExec;
import org.apache.spark.sql.execution.adaptive.QueryStageExec;
import scala.jdk.javaapi.CollectionConverters;

/** The metrics of the batch nodes of a query that ran, by their keys, as the executed plan has them. */
public final class PlanMetrics {
    private PlanMetrics() {}

    /** Sums over every batch node of the plan; {@code query} itself must have been collected. */
    public static Map<String, Long> of(Dataset<Row> query) {
        Map<String, Long> sums = new HashMap<>();
        for (SparkPlan node : nodes(query)) {
            CollectionConverters.asJava(node.metrics()).forEach((key, m) -> sums.merge(key, m.value(), Long::sum));
        }
        return sums;
    }

    /** The batch nodes of a query's executed plan, the uppermost first. */
    public static List<SparkPlan> nodes(Dataset<Row> query) {
        return nodes(query.queryExecution().executedPlan()).stream()
                .filter(node -> node.metrics().contains("gpuBatches"))
                .toList();
    }

    /** One metric of one node. */
    public static long of(SparkPlan node, String key) {
        return node.metrics().apply(key).value();
    }

    private static List<SparkPlan> nodes(SparkPlan root) {
        List<SparkPlan> all = new ArrayList<>(List.of(root));
        if (root instanceof AdaptiveSparkPlanExec adaptive) {
            all.addAll(nodes(adaptive.executedPlan()));
        } else if (root instanceof QueryStageExec stage) {
            all.addAll(nodes(stage.plan()));
        }
        Scala.list(root.children()).forEach(child -> all.addAll(nodes(child)));
        return all;
    }
}

package io.sparkmoe.spark.jobs;

import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a recording is read. */
public final class ScanOptions {
    /** Of an executor's heap, shared by its tasks: what Spark itself needs for shuffles and rows is the rest. */
    private static final double HEAP_SHARE = 0.3;

    @Option(
            names = "--explain-plan",
            description =
                    "Prints what the command would do and exits: tasks, reads of the input, memory of a task's sums, "
                            + "and bytes shuffled, an analysis each. Looks at the first rows only.")
    private boolean explainPlan;

    @Option(
            names = "--task-memory",
            paramLabel = "SIZE",
            description =
                    "Bound of a task's sums, such as 512m; where all layers do not fit, the input is read several "
                            + "times for a part of them each. Default: 30 % of an executor's heap over its tasks.")
    private @Nullable String taskMemory;

    boolean explainPlan() {
        return explainPlan;
    }

    /** Checks the options of a verb. */
    void check(Verb verb) {
        if (taskMemory != null) {
            try {
                if (JavaUtils.byteStringAsBytes(taskMemory) > 0) {
                    return;
                }
            } catch (NumberFormatException e) {
                // said below, for sizes that are no sizes and for those that are not above 0
            }
            throw verb.usage("--task-memory must be a size above 0 such as 512m, got " + taskMemory);
        }
    }

    /** Bound of a task's sums, bytes. */
    long taskBytes(SparkSession spark) {
        if (taskMemory != null) {
            return JavaUtils.byteStringAsBytes(taskMemory);
        }
        String master = spark.sparkContext().master();
        boolean local = master.startsWith("local") && !master.startsWith("local-cluster");
        long heap = local
                ? Runtime.getRuntime().maxMemory()
                : JavaUtils.byteStringAsBytes(spark.sparkContext().getConf().get("spark.executor.memory", "1g"));
        int tasks = local
                ? spark.sparkContext().defaultParallelism()
                : spark.sparkContext().getConf().getInt("spark.executor.cores", 1);
        return (long) (HEAP_SHARE * heap / Math.max(1, tasks));
    }
}

package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.interop.Scala;
import io.sparkmoe.spark.jobs.passes.BackendSource;
import io.sparkmoe.spark.jobs.rows.TraceFields;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.execution.LeafExecNode;
import org.apache.spark.sql.execution.SparkPlan;

/**
 * One read of a trace that feeds any number of analyses. Tasks keep sums and emit compact partials; one shuffle brings the
 * partials of a key together. The audit is part of the read: it says which rows count.
 */
public final class TraceScan {
    /**
     * How to scan.
     *
     * @param excludeCached whether rows of cached tokens are left out
     * @param stateBytes bound of a task's sums; beyond it partials are emitted early
     * @param reducers tasks that add partials up
     * @param rowTasks tasks that decode rows are spread over
     * @param sliceIds about how many ids the feeders get at once
     */
    public record Options(
            boolean excludeCached, long stateBytes, int reducers, int rowTasks, int sliceIds, BackendSource backend) {
        /** Ids of a slice: enough for the accumulators' long loops, and still in the cache when the last feeder comes to it. */
        public static final int SLICE_IDS = 1 << 20;
    }

    private TraceScan() {}

    /** Plans the read; it happens once, when the result is first asked for something. {@code trace} is in block order. */
    public static ScanResult of(Dataset<Row> trace, List<FeederPlan> plans, Options options) {
        Dataset<Row> columns = TraceFields.select(trace);
        SparkPlan plan = columns.queryExecution().sparkPlan();
        boolean columnar = plan instanceof LeafExecNode && plan.supportsColumnar();
        JavaRDD<?> rows = columnar
                ? plan.executeColumnar().toJavaRDD()
                : columns.queryExecution().toRdd().toJavaRDD();
        ScanTask task = new ScanTask(
                TraceFields.of(trace),
                List.copyOf(plans),
                columnar,
                options.excludeCached(),
                options.stateBytes(),
                options.sliceIds(),
                options.backend());
        JavaPairRDD<PartialKey, byte[]> partials = rows.mapPartitionsToPair(task::call);
        partials.setName("trace scan" + (columnar ? ", columnar: " : ": ")
                + String.join(
                        ", ",
                        Scala.list(plan.output()).stream().map(a -> a.name()).toList()));
        PartialPartitioner partitioner = new PartialPartitioner(options.reducers(), options.rowTasks());
        return new ScanResult(
                partials.repartitionAndSortWithinPartitions(partitioner, PartialKey.ORDER),
                partitioner,
                partials.getNumPartitions());
    }
}

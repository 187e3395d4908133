package io.sparkmoe.spark.jobs.audit;

import io.sparkmoe.spark.jobs.rows.IdColumn;
import io.sparkmoe.spark.jobs.rows.RowFacts;
import io.sparkmoe.spark.jobs.rows.TraceFields;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/**
 * The audit of a trace table: an aggregate over its rows, so that retries, speculation and the cut into partitions do
 * not change it. Rows of one token block must be adjacent, as the readers and the writer keep them; {@link #sorted} makes
 * them so.
 */
public final class TraceAudit {
    private TraceAudit() {}

    /**
     * Audits a table, marked rows included.
     *
     * @param trace the trace table, rows of a token block adjacent
     * @param layers the MoE layers that every token block must have, or null to take all layers seen
     */
    public static AuditResult run(Dataset<Row> trace, @Nullable List<Integer> layers) {
        Dataset<Row> rows = TraceFields.select(trace);
        TraceFields fields = TraceFields.of(rows);
        IdColumn column = IdColumn.of(fields.idsType());
        JavaRDD<AuditPartial> partials = rows.queryExecution()
                .toRdd()
                .toJavaRDD()
                .mapPartitions(it -> List.of(audit(fields, column, it)).iterator());
        AuditPartial all = partials.treeAggregate(new AuditPartial(), AuditPartial::plus, AuditPartial::plus);
        StaleStretches.close(all);
        return new AuditResult(all, layers);
    }

    private static AuditPartial audit(TraceFields fields, IdColumn column, Iterator<InternalRow> rows) {
        BlockWalk walk = new BlockWalk(TaskContext.getPartitionId());
        RowFacts facts = new RowFacts();
        for (long number = 0; rows.hasNext(); number++) {
            InternalRow row = rows.next();
            facts.read(row, fields);
            int n = facts.hasIds() ? column.read(row, TraceFields.TOPK_IDS, number) : 0;
            walk.row(facts, column.ids(), n);
        }
        return walk.end();
    }

    /** The table with rows of a token block adjacent and layers ascending; one shuffle of everything. */
    public static Dataset<Row> sorted(Dataset<Row> trace) {
        return trace.repartition(trace.col("source"), trace.col("request_id"), trace.col("choice"), trace.col("step"))
                .sortWithinPartitions("source", "request_id", "choice", "step", "rank", "first_position", "layer");
    }
}

package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.audit.Example;
import io.sparkmoe.spark.jobs.audit.Reasons;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A recording after its audit: what is counted, what is put aside, and the facts that every analysis needs.
 *
 * @param rows what the analyses count
 * @param faults what rows have to be checked for, because the audit found it
 */
record UsableTrace(Trace trace, AuditResult audit, Dataset<Row> rows, int numExperts, int topk, Trace.Faults faults) {
    /**
     * Judges an audit.
     *
     * @throws UserError when there is nothing to count, when several models are mixed, or when rows are unusable and the
     *     user did not choose to put them aside
     */
    static UsableTrace of(Trace trace, AuditResult audit, BadRows badRows, boolean excludeCached) {
        Map.Entry<Integer, Integer> shape = shape(audit);
        if (badRows == BadRows.fail) {
            refuse(audit, Reasons.OUT_OF_RANGE, "expert id %d is outside [0, " + shape.getKey() + ")");
            refuse(audit, Reasons.LENGTH_MISMATCH, "topk_ids has %d ids, which is not num_tokens * topk");
        }
        Trace.Faults faults = new Trace.Faults(
                audit.total(Reasons.LENGTH_MISMATCH).records() > 0,
                audit.total(Reasons.OUT_OF_RANGE).records() > 0);
        Dataset<Row> rows = trace.usable(faults, excludeCached);
        return new UsableTrace(trace, audit, rows, shape.getKey(), shape.getValue(), faults);
    }

    private static Map.Entry<Integer, Integer> shape(AuditResult audit) {
        List<Map.Entry<Integer, Integer>> shapes = audit.shapes();
        if (shapes.isEmpty()) {
            throw new UserError(
                    "the input has no usable row: " + audit.total(Reasons.READ).records() + " read, "
                            + audit.total(Reasons.QUARANTINED).records()
                            + " unusable. 'spark-moe audit' on the same input says why.");
        }
        if (shapes.size() > 1) {
            throw new UserError("the input mixes recordings of different models: (num_experts, topk) = " + shapes
                    + ". Report each on its own.");
        }
        return shapes.get(0);
    }

    private static void refuse(AuditResult audit, String reason, String what) {
        Example example = audit.example(reason);
        if (example != null) {
            throw new UserError(example.where() + ": " + String.format(what, example.value()) + " ("
                    + audit.total(reason).records() + " rows in all). Check the options against the recorded model, or "
                    + "put such rows aside with --on-bad-rows quarantine.");
        }
    }

    /** Whether rows were put aside, which the exit code says. */
    boolean leftOut() {
        return quarantined() > 0;
    }

    /** Records and rows put aside. */
    long quarantined() {
        return audit.total(Reasons.QUARANTINED).records();
    }

    /** Writes what was put aside as Parquet. */
    void writeQuarantine(String folder) {
        trace.unusable(faults).write().parquet(folder);
    }
}

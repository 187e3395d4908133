package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.routing.InvalidPolicy;
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
 * @param invalid DROP where the audit found ids out of range and the user chose to go on without them
 */
record UsableTrace(
        Trace trace,
        AuditResult audit,
        Dataset<Row> rows,
        int numExperts,
        int topk,
        InvalidPolicy invalid,
        boolean wrongLengths) {
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
        boolean wrongLengths = audit.total(Reasons.LENGTH_MISMATCH).records() > 0;
        boolean outOfRange = audit.total(Reasons.OUT_OF_RANGE).records() > 0;
        return new UsableTrace(
                trace,
                audit,
                trace.usable(wrongLengths, excludeCached),
                shape.getKey(),
                shape.getValue(),
                outOfRange ? InvalidPolicy.DROP : InvalidPolicy.ERROR,
                wrongLengths);
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

    /** Whether something was put aside or left out, which the exit code says. */
    boolean leftOut() {
        return quarantined() > 0 || invalid == InvalidPolicy.DROP;
    }

    /** Records and rows put aside. */
    long quarantined() {
        return audit.total(Reasons.QUARANTINED).records();
    }

    /** Writes what was put aside as Parquet. */
    void writeQuarantine(String folder) {
        trace.unusable(wrongLengths).write().parquet(folder);
    }
}

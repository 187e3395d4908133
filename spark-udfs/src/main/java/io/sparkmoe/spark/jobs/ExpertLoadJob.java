package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.routing.InvalidPolicy;
import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.audit.Reasons;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Ids of each expert, layer by layer, by the product's aggregate. */
final class ExpertLoadJob {
    private ExpertLoadJob() {}

    /** The query: (layer int, counts array&lt;bigint&gt; [num_experts]). */
    static Dataset<Row> query(UsableTrace trace) {
        String load = String.format(
                Locale.ROOT,
                "moe_expert_load(topk_ids, num_experts => %d, invalid => '%s') as counts",
                trace.numExperts(),
                trace.invalid() == InvalidPolicy.DROP ? "drop" : "error");
        return trace.rows().groupBy("layer").agg(org.apache.spark.sql.functions.expr(load));
    }

    /** Layer to counts [num_experts], layers ascending. */
    static Map<Integer, long[]> run(UsableTrace trace) {
        Map<Integer, long[]> out = new TreeMap<>();
        for (Row row : query(trace).collectAsList()) {
            List<Long> counts = row.getList(1);
            out.put(row.getInt(0), counts.stream().mapToLong(Long::longValue).toArray());
        }
        return out;
    }

    /** Compares the counts with the audit of the same rows: two ways over the data, one answer. */
    static void requireAgreement(Map<Integer, long[]> load, AuditResult audit) {
        long counted = load.values().stream().flatMapToLong(Arrays::stream).sum();
        long expected = audit.total(Reasons.USED).ids()
                - audit.total(Reasons.MASKED).ids()
                - audit.total(Reasons.OUT_OF_RANGE).ids();
        if (counted != expected) {
            throw new IllegalStateException("expert load counts " + counted + " ids but the audit found " + expected
                    + " usable: did the input change while it was read?");
        }
    }
}

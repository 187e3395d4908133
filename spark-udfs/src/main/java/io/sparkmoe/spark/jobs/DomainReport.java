package io.sparkmoe.spark.jobs;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.regexp_replace;
import static org.apache.spark.sql.functions.sum;

import io.sparkmoe.spark.jobs.audit.Reasons;
import io.sparkmoe.spark.jobs.rows.TraceColumn;
import io.sparkmoe.spark.jobs.specialize.DomainLoads;
import io.sparkmoe.spark.report.AnalysisModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import org.jspecify.annotations.Nullable;

/** Expert load of domains as the page, the table and the terminal show it. */
final class DomainReport {
    /** The domain of rows that name none where others do. */
    static final String NONE = "(none)";

    /** Domains that the page shows, those with the most tokens; the table holds all. */
    private static final int SHOWN = 32;

    private final UsableTrace trace;
    private final Analysis found;

    DomainReport(UsableTrace trace, Analysis found) {
        this.trace = trace;
        this.found = found;
    }

    /** Measures by a column or attribute, or by what there is. */
    void add(@Nullable String name, Progress progress) {
        String used = name == null && names("domain") ? "domain" : name;
        if (name != null && !names(name)) {
            throw new UserError(
                    "no usable row has the column or attribute " + name + ". 'spark-moe sql' shows what rows "
                            + "have: SELECT DISTINCT attributes FROM ...; --domain-column names one of them.");
        }
        Column domain =
                used == null ? regexp_replace(col("source"), "/[^/]*$", "") : coalesce(TraceColumn.of(used), lit(NONE));
        boolean masked = trace.audit().total(Reasons.MASKED).records() > 0;
        Dataset<Row> loads = DomainLoads.of(
                        trace.rows().withColumn("domain", domain), trace.numExperts(), trace.topk(), masked)
                .persist(StorageLevel.MEMORY_AND_DISK());
        found.release(loads::unpersist);
        progress.step("Counting expert load of domains", () -> show(loads, used == null ? "source folder" : used));
        found.table("specialization", DomainLoads.table(loads));
    }

    private boolean names(String name) {
        return !trace.rows().where(TraceColumn.of(name).isNotNull()).isEmpty();
    }

    private void show(Dataset<Row> loads, String by) {
        List<Row> largest = loads.groupBy("domain")
                .agg(sum("tokens").as("tokens"))
                .orderBy(col("tokens").desc(), col("domain"))
                .limit(SHOWN + 1)
                .collectAsList();
        Object[] shown =
                largest.stream().limit(SHOWN).map(row -> row.getString(0)).toArray();
        List<AnalysisModel.Domain> domains = new ArrayList<>();
        for (Row row : loads.where(col("domain").isin(shown)).collectAsList()) {
            List<Long> counts = row.getList(3);
            domains.add(new AnalysisModel.Domain(
                    row.getString(0),
                    row.getInt(1),
                    row.getLong(2),
                    counts.stream().mapToLong(Long::longValue).toArray()));
        }
        domains.sort(Comparator.comparing(AnalysisModel.Domain::domain).thenComparingInt(AnalysisModel.Domain::layer));
        found.domains(domains);
        long all = loads.select("domain").distinct().count();
        found.line("Domains", Words.count(all) + " by " + by);
        if (all > SHOWN) {
            found.note(
                    "domains",
                    "The " + SHOWN + " domains with the most tokens, of " + Words.count(all)
                            + "; tables/specialization holds all.");
        }
        if (all == 1) {
            found.note("domains", "All rows are of one domain (" + by + "): --domain-column names another.");
        }
    }
}

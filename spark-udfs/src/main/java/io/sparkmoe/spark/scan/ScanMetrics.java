package io.sparkmoe.spark.scan;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;

/** What a scan did: shown by the nodes above it, for Spark's scan node takes no metrics of others. */
public final class ScanMetrics implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final String ROW_GROUPS = "scanRowGroups";
    private static final String IDS = "scanIds";
    private static final String TIME = "scanTime";

    private final Map<String, SQLMetric> metrics = new LinkedHashMap<>();

    /** Made on the driver, with the scan. */
    public ScanMetrics(SparkContext sc) {
        metrics.put(ROW_GROUPS, SQLMetrics.createMetric(sc, "row groups decoded by the id scan"));
        metrics.put(IDS, SQLMetrics.createMetric(sc, "expert ids decoded by the id scan"));
        metrics.put(TIME, SQLMetrics.createNanoTimingMetric(sc, "time decoding ids", -1L));
        for (ScanFallback reason : ScanFallback.values()) {
            metrics.put(reason.key(), SQLMetrics.createMetric(sc, reason.label()));
        }
    }

    /** By key, in the order of display. */
    public Map<String, SQLMetric> all() {
        return metrics;
    }

    /** What a scan counts is no part of what it is: two scans with metrics of their own may be the same one. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ScanMetrics;
    }

    @Override
    public int hashCode() {
        return ScanMetrics.class.hashCode();
    }

    void fellBack(ScanFallback reason) {
        metrics.get(reason.key()).add(1);
    }

    void rowGroup() {
        metrics.get(ROW_GROUPS).add(1);
    }

    void decoded(long ids, long nanos) {
        metrics.get(IDS).add(ids);
        metrics.get(TIME).add(nanos);
    }
}

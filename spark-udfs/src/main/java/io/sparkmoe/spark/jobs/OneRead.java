package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.scan.ScanResult;
import io.sparkmoe.spark.jobs.scan.TraceScan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * A recording that was read for every analysis asked for at once: audited, and measured.
 *
 * @param reads the first has everything but the parts of matrices that did not fit; the others have those
 */
record OneRead(UsableTrace trace, List<ScanResult> reads) {
    private static final String SPLIT = "spark.sql.files.maxPartitionBytes";

    /** Plans the reads of a request; they run when they are asked for something. */
    static List<ScanResult> plan(Trace trace, ScanRequest request, ScanPlan plan, boolean excludeCached) {
        TraceScan.Options options = new TraceScan.Options(
                excludeCached,
                plan.stateBytes(),
                plan.reducers(),
                plan.rowTasks(),
                TraceScan.Options.SLICE_IDS,
                Backends.source(trace.spark()));
        List<ScanResult> out = new ArrayList<>();
        SparkSession spark = trace.spark();
        String before = spark.conf().get(SPLIT);
        try {
            long split = Math.max(plan.splitBytes(), JavaUtils.byteStringAsBytes(before));
            spark.conf().set(SPLIT, split + "b");
            for (int read = 0; read < plan.reads(); read++) {
                out.add(TraceScan.of(
                        trace.rows(), request.feeders(read, plan.reads(), trace.wholeSequences()), options));
            }
        } finally {
            spark.conf().set(SPLIT, before);
        }
        return out;
    }

    /** Load by layer. */
    Map<Integer, ScanResult.Load> load() {
        return reads.get(0).load();
    }

    /** Ids of each expert by layer. */
    Map<Integer, long[]> counts() {
        Map<Integer, long[]> out = new TreeMap<>();
        load().forEach((layer, load) -> out.put(layer, load.counts()));
        return out;
    }

    /** (layer, upper triangle of token counts). */
    JavaRDD<Tuple2<Integer, long[]>> coactivation() {
        return reads.stream()
                .map(ScanResult::coactivation)
                .reduce(JavaRDD::union)
                .orElseThrow();
    }

    /** ((from, to), E x E counts). */
    JavaRDD<Tuple2<Tuple2<Integer, Integer>, long[]>> transitions() {
        return reads.stream()
                .map(ScanResult::transitions)
                .reduce(JavaRDD::union)
                .orElseThrow();
    }
}

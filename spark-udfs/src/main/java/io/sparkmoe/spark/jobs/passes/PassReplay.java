package io.sparkmoe.spark.jobs.passes;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.sparkmoe.spark.jobs.rows.IdColumn;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Padding of forward passes. Where the recorder named passes (step is not null) a pass is all tokens of one (source,
 * step, rank, layer). Elsewhere passes are replayed: prefill passes are N consecutive prompt tokens of one sequence,
 * decode passes one token of each of N sequences in key order; what remains is a smaller pass, and counted.
 *
 * <p>The result does not depend on how tokens are cut into rows or rows into partitions. Rows without a phase count as
 * prefill.
 */
public final class PassReplay {
    public static final String PREFILL = "prefill";
    public static final String DECODE = "decode";
    /** Phase of passes that the recorder named; their tokens_per_pass is 0. */
    public static final String RECORDED = "recorded";

    private static final Comparator<PassKey> ORDER = Comparator.comparingInt(PassKey::layer)
            .thenComparing(PassKey::phase)
            .thenComparingInt(PassKey::tokensPerPass);

    private final Dataset<Row> rows;
    private final ReplayOptions options;
    private final BackendSource backend;
    private final PassRow reader;

    /**
     * A replay.
     *
     * @param rows usable rows of the trace table
     */
    public PassReplay(Dataset<Row> rows, ReplayOptions options, BackendSource backend) {
        this.rows = rows;
        this.options = options;
        this.backend = backend;
        this.reader = new PassRow(IdColumn.of(rows.schema().apply("topk_ids").dataType()), options);
    }

    /** Totals by layer, phase and tokens per pass, of all rows that belong to no recorded pass. */
    public Map<PassKey, PassTotals> replayed() {
        Map<PassKey, PassTotals> out = new TreeMap<>(ORDER);
        List<Integer> sizes = options.tokensPerPass();
        run(PromptPasses.plan(prefillRows(), sizes), new PromptPasses(reader, options, sizes, PREFILL), out);
        decode(out);
        return out;
    }

    /** Totals of the decode rows that belong to no recorded pass. */
    public Map<PassKey, PassTotals> decode() {
        Map<PassKey, PassTotals> out = new TreeMap<>(ORDER);
        decode(out);
        return out;
    }

    private void decode(Map<PassKey, PassTotals> out) {
        List<Integer> sizes = options.tokensPerPass();
        if (sizes.equals(List.of(1))) {
            run(PromptPasses.plan(decodeRows(), sizes), new PromptPasses(reader, options, sizes, DECODE), out);
            return;
        }
        try (SequenceRanks ranks = SequenceRanks.of(decodeRows())) {
            if (ranks.sequences() > 0) {
                Dataset<Row> ranked = ranks.join(decodeRows());
                for (List<Integer> family : PassFamilies.of(sizes)) {
                    run(DecodePasses.plan(ranked, family.get(0)), new DecodePasses(reader, options, family), out);
                }
            }
        }
    }

    /** Totals by layer of the passes that the recorder named. */
    public Map<PassKey, PassTotals> recorded() {
        Map<PassKey, PassTotals> out = new TreeMap<>(ORDER);
        run(RecordedPasses.plan(rows.where(col("step").isNotNull())), new RecordedPasses(reader), out);
        return out;
    }

    private Dataset<Row> prefillRows() {
        return rows.where(
                col("step").isNull().and(coalesce(col("phase"), lit(PREFILL)).equalTo(PREFILL)));
    }

    private Dataset<Row> decodeRows() {
        return rows.where(col("step").isNull().and(col("phase").equalTo(DECODE)));
    }

    private void run(Dataset<Row> plan, PassCutter cutter, Map<PassKey, PassTotals> out) {
        plan.queryExecution()
                .toRdd()
                .toJavaRDD()
                .mapPartitionsToPair(new PassTask(cutter, options, backend))
                .reduceByKey(PassTotals::plus)
                .collect()
                .forEach(t -> out.merge(t._1(), t._2(), PassTotals::plus));
    }
}

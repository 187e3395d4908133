package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.jobs.audit.AuditFeed;
import io.sparkmoe.spark.jobs.audit.AuditResult;
import io.sparkmoe.spark.jobs.passes.PassKey;
import io.sparkmoe.spark.jobs.passes.PassReplay;
import io.sparkmoe.spark.jobs.passes.PassTotals;
import io.sparkmoe.spark.jobs.passes.ReplayOptions;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * The shuffled partials of a scan. Spark keeps the shuffle's files as long as this object is in use, so that asking several
 * times reads the trace once.
 */
public final class ScanResult {
    /**
     * A layer's load.
     *
     * @param counts [num_experts] ids
     * @param naming [num_experts] tokens that name the expert: ids without repetitions inside a token
     * @param known tokens with at least one known id
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Load(long[] counts, long[] naming, long known) {}

    private final JavaRDD<Tuple2<PartialKey, byte[]>> sums;
    private final JavaRDD<Tuple2<PartialKey, byte[]>> rows;
    private final int tasks;
    private @Nullable List<Tuple2<PartialKey, long[]>> small;

    ScanResult(JavaPairRDD<PartialKey, byte[]> shuffled, PartialPartitioner partitioner, int tasks) {
        this.sums = partitioner.only(shuffled.rdd(), false);
        this.rows = partitioner.only(shuffled.rdd(), true);
        this.tasks = tasks;
    }

    /** Tasks that read the trace. */
    public int tasks() {
        return tasks;
    }

    /** The audit of the rows read. {@code layers} as {@link AuditFeed#result}. */
    public AuditResult audit(@Nullable List<Integer> layers) {
        List<byte[]> audits = raw(Family.AUDIT).stream().map(t -> t._2()).toList();
        return AuditFeed.result(audits, layers);
    }

    /** Load by layer, ascending. */
    public Map<Integer, Load> load() {
        Map<Integer, Load> out = new TreeMap<>();
        small(Family.LOAD).forEach(t -> {
            long[] sums = t._2();
            int experts = sums.length / 2;
            long[] counts = Arrays.copyOf(sums, experts);
            long[] naming = new long[experts];
            for (int e = 0; e < experts; e++) {
                naming[e] = counts[e] - sums[experts + e];
            }
            out.put(t._1().a(), new Load(counts, naming, sums[2 * experts]));
        });
        return out;
    }

    /** Token blocks, and their tokens, that have no transitions because their layers do not line up. */
    public long[] irregularBlocks() {
        List<Tuple2<PartialKey, long[]>> found = small(Family.IRREGULAR);
        return found.isEmpty() ? new long[2] : found.get(0)._2();
    }

    /** Co-activation by layer: (layer, upper triangle of token counts). */
    public JavaRDD<Tuple2<Integer, long[]>> coactivation() {
        return merged(Set.of(Family.COACTIVATION)).map(t -> new Tuple2<>(t._1().a(), t._2()));
    }

    /** Transitions by layer pair: ((from, to), E x E counts). */
    public JavaRDD<Tuple2<Tuple2<Integer, Integer>, long[]>> transitions() {
        return merged(Set.of(Family.TRANSITION)).map(t -> new Tuple2<>(new Tuple2<>(t._1().a(), t._1().b()), t._2()));
    }

    /**
     * Load of a window at a layer.
     *
     * @param unit step or position
     * @param from first unit of the window that holds anything, at whichever layer
     * @param to the last
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Window(String unit, long from, long to, int layer, long[] counts) implements Serializable {}

    /** Load over at most {@code most} windows of each unit, a layer each. */
    public JavaRDD<Window> windows(int most) {
        Windows[] units = {new Windows(most), new Windows(most)};
        raw(Family.WINDOW_SPAN).forEach(t -> {
            ByteBuffer span = ByteBuffer.wrap(t._2());
            units[Windows.unitOf(t._1().b())].join(
                    Windows.shiftOf(t._1().b()), t._1().c(), span.getLong(), span.getLong());
        });
        return merged(Set.of(Family.WINDOW))
                .mapToPair(t -> {
                    int unit = Windows.unitOf(t._1().b());
                    long window = t._1().c() >> (units[unit].shift() - Windows.shiftOf(t._1().b()));
                    return new Tuple2<>(new PartialKey(Family.WINDOW, t._1().a(), unit, window, ""), t._2());
                })
                .reduceByKey(ScanResult::sum)
                .map(t -> {
                    PartialKey key = t._1();
                    long[] span = units[key.b()].spans().get(key.c());
                    String unit = key.b() == Windows.STEP ? "step" : "position";
                    return new Window(unit, span[0], span[1], key.a(), t._2());
                });
    }

    private static long[] sum(long[] a, long[] b) {
        long[] out = a.clone();
        Arrays.setAll(out, i -> a[i] + b[i]);
        return out;
    }

    /**
     * Whether the passes of sequences that task edges cut could be told: false where a sequence does not start at a
     * multiple of every pass size and is read by several tasks.
     */
    public boolean passesLineUp(ReplayOptions options) {
        return EdgeStarts.agree(raw(Family.EDGE), options.tokensPerPass());
    }

    /** Figures of recorded and of prefill passes; of decode passes where they are of one token each. */
    public Map<PassKey, PassTotals> passes(ReplayOptions options) {
        int sizes = options.blockSizes().size();
        Map<PassKey, PassTotals> out = new HashMap<>();
        small(Family.PASSES)
                .forEach(t -> out.merge(
                        new PassKey(t._1().a(), t._1().text(), t._1().b()),
                        PassTotals.fromRow(t._2(), sizes),
                        PassTotals::plus));
        merged(Set.of(Family.FRAGMENT))
                .mapPartitions(it -> fold(it, options))
                .collect()
                .forEach(t -> out.merge(t._1(), t._2(), PassTotals::plus));
        return out;
    }

    private static Iterator<Tuple2<PassKey, PassTotals>> fold(
            Iterator<Tuple2<PartialKey, long[]>> passes, ReplayOptions options) {
        Map<PassKey, PassTotals> out = new HashMap<>();
        while (passes.hasNext()) {
            Tuple2<PartialKey, long[]> pass = passes.next();
            long[] counts = Arrays.copyOfRange(pass._2(), 1, pass._2().length);
            PassKey key = new PassKey(
                    pass._1().a(), PassFragments.phase(pass._1()), pass._1().b());
            out.merge(key, PassTotals.of(pass._2()[0], counts, options), PassTotals::plus);
        }
        return out.entrySet().stream()
                .map(e -> new Tuple2<>(e.getKey(), e.getValue()))
                .iterator();
    }

    /** The decode rows that were put aside, as {@link io.sparkmoe.spark.jobs.passes.PassReplay} takes them. */
    public JavaRDD<Row> decodeRows() {
        return rows.map(t -> {
            PartialKey key = t._1();
            int tokens = ByteBuffer.wrap(t._2()).getInt();
            return RowFactory.create(
                    SequenceName.source(key.text()),
                    SequenceName.request(key.text()),
                    key.b(),
                    null,
                    null,
                    PassReplay.DECODE,
                    key.a(),
                    (int) key.c(),
                    tokens,
                    Arrays.copyOfRange(t._2(), 4, t._2().length));
        });
    }

    private List<Tuple2<PartialKey, byte[]>> raw(Family family) {
        return sums.filter(t -> t._1().family() == family).collect();
    }

    /** Sums that are few enough for the driver, collected together once. */
    private List<Tuple2<PartialKey, long[]>> small(Family family) {
        if (small == null) {
            EnumSet<Family> families = EnumSet.allOf(Family.class);
            families.removeIf(f -> !f.sums
                    || f == Family.COACTIVATION
                    || f == Family.TRANSITION
                    || f == Family.FRAGMENT
                    || f == Family.WINDOW);
            small = merged(families).collect();
        }
        return small.stream().filter(t -> t._1().family() == family).toList();
    }

    private JavaRDD<Tuple2<PartialKey, long[]>> merged(Set<Family> families) {
        return sums.mapPartitions(it -> new Merge(it, families));
    }
}

package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.jobs.audit.AuditFeed;
import io.sparkmoe.spark.jobs.audit.AuditResult;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
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

    private final JavaPairRDD<PartialKey, byte[]> shuffled;
    private @Nullable List<Tuple2<PartialKey, long[]>> small;

    ScanResult(JavaPairRDD<PartialKey, byte[]> shuffled) {
        this.shuffled = shuffled;
    }

    /** The audit of the rows read. {@code layers} as {@link AuditFeed#result}. */
    public AuditResult audit(@Nullable List<Integer> layers) {
        List<byte[]> audits =
                shuffled.filter(t -> t._1().family() == Family.AUDIT).values().collect();
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

    /** Sums that are few enough for the driver, collected together once. */
    private List<Tuple2<PartialKey, long[]>> small(Family family) {
        if (small == null) {
            EnumSet<Family> families = EnumSet.allOf(Family.class);
            families.removeIf(f -> !f.sums || f == Family.COACTIVATION || f == Family.TRANSITION);
            small = merged(families).collect();
        }
        return small.stream().filter(t -> t._1().family() == family).toList();
    }

    private JavaRDD<Tuple2<PartialKey, long[]>> merged(Set<Family> families) {
        return shuffled.mapPartitions(it -> new Merge(it, families));
    }
}

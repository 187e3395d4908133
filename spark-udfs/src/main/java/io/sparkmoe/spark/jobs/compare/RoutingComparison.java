package io.sparkmoe.spark.jobs.compare;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.expr;

import io.sparkmoe.spark.jobs.passes.BackendSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/**
 * Compares two routings of the same sequences, position by position and layer by layer. The rows of both sides meet by
 * sequence and block of positions in one shuffle of packed ids; nothing is exploded into tokens, and a task holds two rows
 * and a few bytes a position of one block. What does not line up is counted by reason, never left out in silence.
 *
 * <p>The result does not depend on how either side cuts tokens into rows, nor on rows in partitions.
 */
public final class RoutingComparison {
    private static final Comparator<LeftOut> BY_REASON = Comparator.comparing(LeftOut::reason);

    private RoutingComparison() {}

    /** Compares usable rows of two trace tables of one model. */
    public static Comparison run(Side left, Side right, CompareOptions options, BackendSource backend) {
        Lineup lineup = Lineup.of(left, right);
        int layers = lineup.totals().commonLayers().cardinality();
        Map<CompareKey, long[]> sums = new HashMap<>();
        if (layers > 0) {
            plan(lineup, left, right)
                    .queryExecution()
                    .toRdd()
                    .toJavaRDD()
                    .mapPartitionsToPair(new CompareTask(options, layers, backend))
                    .reduceByKey(RoutingComparison::plus)
                    .mapToPair(RoutingComparison::withoutName)
                    .reduceByKey(RoutingComparison::plus)
                    .collect()
                    .forEach(t -> sums.put(t._1(), t._2()));
        }
        return result(lineup.totals(), sums, options);
    }

    /** Rows of both sides at the layers that both have, those that reach over the end of a block in each of its blocks. */
    static Dataset<Row> plan(Lineup lineup, Side left, Side right) {
        boolean text = lineup.totals().text();
        Object[] layers = lineup.totals().commonLayers().stream().boxed().toArray();
        String last = "(cast(first_position as bigint) + num_tokens - 1)";
        String blocks = "sequence(first_position div %1$d, %2$s div %1$d)".formatted(TokenStates.POSITIONS, last);
        return lineup.withoutDuplicates(left.routes(false, text).unionByName(right.routes(true, text)))
                .where(col("num_tokens").gt(0).and(col("layer").isin(layers)))
                .select(
                        col("sequence"),
                        explode(expr(blocks)).as("block"),
                        col("layer"),
                        col("right"),
                        col("first_position"),
                        col("num_tokens"),
                        col("topk_ids"),
                        col("token_ids"))
                .repartition(col("sequence"), col("block"))
                .sortWithinPartitions("sequence", "block", "layer", "first_position", "right");
    }

    private static long[] plus(long[] a, long[] b) {
        long[] sum = a.clone();
        Arrays.setAll(sum, i -> a[i] + b[i]);
        return sum;
    }

    /** A sequence that several tasks saw has become one entry: from here on it counts as one. */
    private static Tuple2<CompareKey, long[]> withoutName(Tuple2<CompareKey, long[]> entry) {
        return entry._1().isSequence() ? new Tuple2<>(CompareKey.OTHER_TEXT, new long[] {1, entry._2()[1]}) : entry;
    }

    private static Comparison result(LineupTotals lineup, Map<CompareKey, long[]> sums, CompareOptions options) {
        TreeMap<Integer, Comparison.Layer> layers = new TreeMap<>();
        lineup.commonLayers().stream()
                .forEach(layer -> layers.put(
                        layer,
                        PairSink.layer(
                                sums.getOrDefault(CompareKey.layer(layer), new long[6 + 2 * options.numExperts()]),
                                options.numExperts())));
        long[] tokens = sums.getOrDefault(CompareKey.TOKENS, new long[3]);
        List<LeftOut> leftOut = new ArrayList<>(lineup.leftOut().values());
        long[] others = sums.getOrDefault(CompareKey.OTHER_TEXT, new long[2]);
        if (others[0] > 0) {
            leftOut.add(new LeftOut(LeftOut.OTHER_TEXT, others[0], others[1]));
        }
        leftOut.sort(BY_REASON);
        return new Comparison(
                layers, tokens[0], tokens[1], tokens[2], List.copyOf(leftOut), lineup.ordered(), lineup.text());
    }
}

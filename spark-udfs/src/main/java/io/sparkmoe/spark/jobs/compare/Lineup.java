package io.sparkmoe.spark.jobs.compare;

import static org.apache.spark.sql.functions.col;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Finds out what two routings have in common before any id is read: a shuffle of one small row a row of the trace table,
 * grouped by sequence.
 */
final class Lineup {
    private final Dataset<Row> plan;
    private final LineupTotals totals;

    private Lineup(Dataset<Row> plan, LineupTotals totals) {
        this.plan = plan;
        this.totals = totals;
    }

    static Lineup of(Side left, Side right) {
        Dataset<Row> plan = plan(left, right);
        LineupTotals totals = rows(plan)
                .mapPartitions(Lineup::totals)
                .treeAggregate(new LineupTotals(), LineupTotals::plus, LineupTotals::plus);
        return new Lineup(plan, totals);
    }

    /** The outlines of both sides as {@link LineupWalk} needs them. */
    static Dataset<Row> plan(Side left, Side right) {
        return left.outline(false)
                .unionByName(right.outline(true))
                .repartition(col("sequence"))
                .sortWithinPartitions("sequence", "right", "layer", "first_position", "num_tokens");
    }

    private static JavaRDD<InternalRow> rows(Dataset<Row> plan) {
        return plan.queryExecution().toRdd().toJavaRDD();
    }

    private static Iterator<LineupTotals> totals(Iterator<InternalRow> rows) {
        LineupWalk walk = new LineupWalk(sequence -> {});
        rows.forEachRemaining(walk::row);
        return walk.end().iterator();
    }

    private static Iterator<String> duplicates(Iterator<InternalRow> rows) {
        List<String> out = new ArrayList<>();
        LineupWalk walk = new LineupWalk(sequence -> out.add(sequence.toString()));
        rows.forEachRemaining(walk::row);
        walk.end();
        return out.iterator();
    }

    LineupTotals totals() {
        return totals;
    }

    /** {@code routes} without the sequences that one side has twice; costs a join only where there are some. */
    Dataset<Row> withoutDuplicates(Dataset<Row> routes) {
        if (!totals.has(LeftOut.DUPLICATE_LEFT) && !totals.has(LeftOut.DUPLICATE_RIGHT)) {
            return routes;
        }
        Dataset<Row> twice = routes.sparkSession()
                .createDataset(rows(plan).mapPartitions(Lineup::duplicates).rdd(), Encoders.STRING())
                .toDF("sequence");
        return routes.join(twice, routes.col("sequence").equalTo(twice.col("sequence")), "left_anti");
    }
}

package io.sparkmoe.spark.jobs.specialize;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.posexplode;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/** Expert load with the domain in the group key, and the shares made of it. */
public final class DomainLoads {
    private DomainLoads() {}

    /**
     * Load of each domain: (domain string, layer int, tokens bigint, counts array&lt;bigint&gt; [num_experts]).
     *
     * @param rows usable rows with a column domain
     * @param masked whether some ids are masked: tokens without a known id do not count
     */
    public static Dataset<Row> of(Dataset<Row> rows, int numExperts, int topk, boolean masked) {
        Dataset<Row> loads = rows.groupBy("domain", "layer")
                .agg(expr("moe_expert_load(topk_ids, num_experts => " + numExperts + ")")
                        .as("counts"));
        Dataset<Row> tokens = KnownTokens.of(rows, topk, masked);
        return loads.join(
                        tokens,
                        loads.col("domain")
                                .equalTo(tokens.col("domain"))
                                .and(loads.col("layer").equalTo(tokens.col("layer"))))
                .select(loads.col("domain"), loads.col("layer"), tokens.col("tokens"), loads.col("counts"));
    }

    /** The table: (domain, layer, expert, tokens, count, share_of_expert, share_of_domain). */
    public static Dataset<Row> table(Dataset<Row> loads) {
        Column ofExpert = sum("count").over(Window.partitionBy("layer", "expert"));
        return loads.select(col("domain"), col("layer"), col("tokens"), posexplode(col("counts")))
                .toDF("domain", "layer", "tokens", "expert", "count")
                .withColumn("of_expert", ofExpert)
                .select(
                        col("domain"),
                        col("layer"),
                        col("expert"),
                        col("tokens"),
                        col("count"),
                        share("of_expert").as("share_of_expert"),
                        share("tokens").as("share_of_domain"));
    }

    /** NULL where the denominator is 0. */
    private static Column share(String of) {
        return when(col(of).gt(0), col("count").cast("double").divide(col(of)));
    }
}

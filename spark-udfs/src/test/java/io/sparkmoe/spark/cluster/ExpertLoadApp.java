package io.sparkmoe.spark.cluster;

import io.sparkmoe.core.routing.MalformedRoutingException;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;

/**
 * The application that {@link ClusterIT} submits: queries over a Parquet table, their results on stdout one a line.
 *
 * <p>Arguments: the folder to write the table to, its number of rows.
 */
public final class ExpertLoadApp {
    static final String IDS = "transform(sequence(0, 7), j -> cast(pmod(id * 7 + j * j, 16) AS int))";

    private ExpertLoadApp() {}

    public static void main(String[] args) {
        SparkSession spark = SparkSession.builder().appName("expert load").getOrCreate();
        Set<String> executors = new ConcurrentSkipListSet<>();
        spark.sparkContext().addSparkListener(new SparkListener() {
            @Override
            public void onTaskEnd(SparkListenerTaskEnd end) {
                executors.add(end.taskInfo().executorId());
            }
        });
        spark.range(0, Long.parseLong(args[1]), 1, 8)
                .selectExpr("id", "CAST(id % 3 AS int) AS layer", IDS + " AS topk_ids")
                .write()
                .parquet(args[0]);
        spark.read().parquet(args[0]).createOrReplaceTempView("trace");

        print(
                spark,
                "load",
                "SELECT layer, moe_expert_load(topk_ids, num_experts => 16) AS value FROM trace GROUP BY layer");
        print(
                spark,
                "align",
                "SELECT 0 AS layer, sum(a.num_tokens_post_pad) AS value FROM (SELECT moe_align_block_size(topk_ids, "
                        + "num_experts => 16, block_size => 4) AS a FROM trace)");
        System.out.println("error " + failure(spark));
        executors.remove("driver");
        System.out.println("executors " + executors);
        System.out.println(
                "spark " + spark.version() + " " + spark.sparkContext().master());
        spark.stop();
    }

    private static void print(SparkSession spark, String what, String query) {
        spark.sql("SELECT layer, to_json(struct(value)) FROM (" + query + ") ORDER BY layer")
                .collectAsList()
                .forEach(row -> System.out.println(what + " " + row.get(0) + " " + row.getString(1)));
    }

    /** What the user reads when ids of a row do not fit: the executor's exception as it arrives at the driver. */
    private static String failure(SparkSession spark) {
        try {
            spark.sql("SELECT moe_expert_load(topk_ids, num_experts => 4) FROM trace")
                    .collect();
            return "none";
        } catch (Exception e) {
            Throwable cause = e;
            while (cause.getCause() != null && !(cause instanceof MalformedRoutingException)) {
                cause = cause.getCause();
            }
            return cause.toString().lines().findFirst().orElse("");
        }
    }
}

package io.sparkmoe.benchmarks;

import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/**
 * What a recording in the layout of FLAME-MoE-Traces costs to read: Spark's own Parquet scan of the id column (the floor),
 * the same ids gathered into blocks, and expert load by layer over them. One core.
 *
 * <p>Arguments: the model's folder, rounds. {@code io.sparkmoe.spark.flame.FlameTraces} writes such a folder.
 */
public final class FlameScan {
    private FlameScan() {}

    public static void main(String[] args) throws Exception {
        Path model = Path.of(args[0]);
        int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .config("spark.sql.extensions", "io.sparkmoe.spark.MoeSessionExtensions")
                .config("spark.moe.backend", "cpu")
                .getOrCreate()) {
            spark.sparkContext().setLogLevel("ERROR");
            spark.read()
                    .schema("indices array<smallint>")
                    .parquet(model.resolve("actives").toString() + "/iter_*/layer_*.parquet")
                    .createOrReplaceTempView("token_rows");
            spark.read()
                    .format("moe_trace")
                    .option("recorder", "flame")
                    .load(model.toString())
                    .createOrReplaceTempView("trace");
            long ids = sum(spark, "SELECT sum(size(indices)) FROM token_rows");
            System.out.println(Machine.describe());
            System.out.println(Timings.table(
                    "Token rows of 6 ids, " + ids / 1_000_000 + " M ids",
                    ids,
                    new Timings(rounds)
                            .warmUp(1)
                            .add(
                                    "Spark's Parquet scan, sum(size)",
                                    () -> sum(spark, "SELECT sum(size(indices)) FROM token_rows"))
                            .add(
                                    "moe_trace flame, sum(size)",
                                    () -> sum(spark, "SELECT sum(size(topk_ids)) FROM trace"))
                            .add(
                                    "moe_trace flame, expert load by layer",
                                    () -> sum(
                                            spark,
                                            "SELECT sum(aggregate(counts, 0L, (a, c) -> a + c)) FROM (SELECT layer, "
                                                    + "moe_expert_load(topk_ids, num_experts => 64) counts FROM trace GROUP BY layer)"))
                            .run()));
        }
    }

    private static long sum(SparkSession spark, String sql) {
        return spark.sql(sql).first().getLong(0);
    }
}

package io.sparkmoe.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;

/**
 * The same queries with the CPU's and the GPU's backend, with 1 to 16 cores: expert load and padding over lists and packed
 * ids, and the compact align of rows of 8,192 ids. Every pair of answers must agree.
 *
 * <p>Arguments: folder for the tables, millions of ids, [cores...].
 */
public final class BackendQueries {
    private static final int ROUNDS = 3;

    /** So that every core has work. */
    private static final int FILES = 32;

    private record Query(String name, String sql) {}

    private BackendQueries() {}

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        long ids = Long.parseLong(args[1]) << 20;
        int[] cores = args.length > 2
                ? Arrays.stream(args, 2, args.length)
                        .mapToInt(Integer::parseInt)
                        .toArray()
                : new int[] {16, 4, 1};
        System.out.println(Machine.describe());
        System.out.println(
                "\n| query | cores | cpu s | cuda s | M ids/s by cuda | cpu / cuda |\n|---|---|---|---|---|---|");
        for (int n : cores) {
            try (SparkSession spark = session(n)) {
                List<Query> queries = queries(spark, folder, ids);
                for (Query q : queries) {
                    compare(spark, q, n, ids);
                }
            }
        }
    }

    private static SparkSession session(int cores) {
        SparkSession spark = SparkSession.builder()
                .master("local[" + cores + "]")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .config("spark.sql.shuffle.partitions", "1")
                .config("spark.moe.gpu.concurrentTasks", "4")
                .config("spark.moe.gpu.pinnedMemory", "8g")
                .getOrCreate();
        spark.sparkContext().setLogLevel("ERROR");
        return spark;
    }

    private static List<Query> queries(SparkSession spark, Path folder, long ids) {
        List<Query> queries = new ArrayList<>();
        for (int length : new int[] {8, 8192}) {
            Path lists = Tables.lists(spark, folder, ids / length, length, FILES);
            Path packed = Tables.packed(spark, lists);
            spark.read().parquet(lists.toString()).createOrReplaceTempView("lists" + length);
            spark.read().parquet(packed.toString()).createOrReplaceTempView("packed" + length);
            for (String kind : new String[] {"lists", "packed"}) {
                String table = kind + length;
                queries.add(new Query(
                        "expert load by layer, " + table,
                        "SELECT cast(sort_array(collect_list(c)) AS string) FROM (SELECT layer, "
                                + "moe_expert_load(topk_ids, num_experts => 256) c FROM " + table
                                + " GROUP BY layer)"));
                queries.add(new Query(
                        "padding, " + table,
                        "SELECT cast(moe_padding_sum(topk_ids, num_experts => 256, block_sizes => array(16, 64, 128)) AS "
                                + "string) FROM " + table));
            }
        }
        queries.add(new Query(
                "align compact, packed8192",
                "SELECT sum(r.expert_offsets[1] + r.sorted_ids[7]) FROM (SELECT moe_align_compact(topk_ids, num_experts => "
                        + "256) r FROM packed8192)"));
        return queries;
    }

    private static void compare(SparkSession spark, Query q, int cores, long ids) {
        String byCpu = answer(spark, q, "cpu");
        String byCuda = answer(spark, q, "cuda");
        if (!byCpu.equals(byCuda)) {
            throw new IllegalStateException(q.name() + ": the backends disagree: " + byCpu + " and " + byCuda);
        }
        double[] cpu = new double[ROUNDS];
        double[] cuda = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            cpu[i] = seconds(spark, q, "cpu");
            cuda[i] = seconds(spark, q, "cuda");
        }
        Arrays.sort(cpu);
        Arrays.sort(cuda);
        double a = cpu[ROUNDS / 2];
        double b = cuda[ROUNDS / 2];
        System.out.printf(
                Locale.ROOT, "| %s | %d | %.3f | %.3f | %.0f | %.2f |%n", q.name(), cores, a, b, ids / b / 1e6, a / b);
    }

    private static double seconds(SparkSession spark, Query q, String backend) {
        long start = System.nanoTime();
        answer(spark, q, backend);
        return (System.nanoTime() - start) / 1e9;
    }

    private static String answer(SparkSession spark, Query q, String backend) {
        spark.conf().set("spark.moe.backend", backend);
        return String.valueOf(spark.sql(q.sql()).first().get(0));
    }
}

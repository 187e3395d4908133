package io.sparkmoe.benchmarks;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Expert load and full co-activation of recordings in the layout of FLAME-MoE-Traces (rows of 6 ids, 64 experts), from
 * Parquet files to counts: beside Spark's scan of the column alone, and over a smaller recording beside explode and group
 * by in Spark and unnest and group by in DuckDB. All counts are compared.
 *
 * <p>Arguments: the model's folder, a smaller model's folder or "-", cores, rounds, backends (cpu, or cpu,cuda).
 */
public final class FlameAnalyses {
    private static final int EXPERTS = 64;
    private static final String FILES = "/actives/iter_*/layer_*.parquet";
    private static final String SUMS =
            "SELECT moe_expert_load(%1$s, num_experts => 64), moe_coactivation(%1$s, topk => 6, num_experts => 64) FROM %2$s";

    private final SparkSession spark;
    private final int cores;
    private final int rounds;

    private FlameAnalyses(SparkSession spark, int cores, int rounds) {
        this.spark = spark;
        this.cores = cores;
        this.rounds = rounds;
    }

    public static void main(String[] args) throws Exception {
        int cores = Integer.parseInt(args[2]);
        int rounds = Integer.parseInt(args[3]);
        try (SparkSession spark = SparkSession.builder()
                .master("local[" + cores + "]")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .config("spark.sql.shuffle.partitions", String.valueOf(cores))
                .config("spark.moe.gpu.concurrentTasks", "4")
                .getOrCreate()) {
            spark.sparkContext().setLogLevel("ERROR");
            FlameAnalyses run = new FlameAnalyses(spark, cores, rounds);
            System.out.println(Machine.describe() + ", " + cores + " of its cores");
            run.whole(Path.of(args[0]), args[4].split(","));
            if (!args[1].equals("-")) {
                run.small(Path.of(args[1]));
            }
        }
    }

    private void views(Path model) {
        spark.read().schema("indices array<smallint>").parquet(model + FILES).createOrReplaceTempView("token_rows");
        spark.read()
                .format("moe_trace")
                .option("recorder", "flame")
                .load(model.toString())
                .createOrReplaceTempView("trace");
    }

    private void whole(Path model, String[] backends) throws Exception {
        views(model);
        long rows = decoded();
        Map<String, Double> decode = new Timings(rounds)
                .warmUp(1)
                .add("Spark's scan of the column, sum(size)", this::decoded)
                .run();
        Timings ours = new Timings(rounds).warmUp(2);
        for (String backend : backends) {
            ours.add("load + co-activation, Parquet, " + backend, () -> sums(backend, "indices", "token_rows"));
            ours.add("load + co-activation, moe_trace flame, " + backend, () -> sums(backend, "topk_ids", "trace"));
        }
        Map<String, Double> all = new LinkedHashMap<>(decode);
        all.putAll(ours.run());
        System.out.println(Timings.table(rows / 6 / 1_000_000 + " M rows of 6 ids", rows, all));
    }

    private void small(Path model) throws Exception {
        views(model);
        long rows = decoded();
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement duckdb = connection.createStatement()) {
            duckdb.execute("SET threads = " + cores);
            Callable<Object> exploded =
                    () -> matrices(spark.sql("SELECT a, NULL b, count(*) FROM token_rows LATERAL VIEW "
                                    + "explode(indices) AS a GROUP BY a UNION ALL SELECT a, b, count(*) FROM token_rows LATERAL VIEW "
                                    + "explode(indices) AS a LATERAL VIEW explode(indices) AS b GROUP BY a, b")
                            .collectAsList());
            String files = "read_parquet('" + model + FILES + "')";
            System.out.println(Timings.table(
                    rows / 6 / 1_000_000 + " M rows of 6 ids, with rivals (DuckDB "
                            + connection.getMetaData().getDatabaseProductVersion() + ")",
                    rows,
                    new Timings(Math.max(1, rounds / 2))
                            .warmUp(1)
                            .add("Spark MoE", () -> sums("cpu", "indices", "token_rows"))
                            .add("DuckDB unnest + group by", () -> unnested(duckdb, files))
                            .add("Spark explode + group by", exploded)
                            .run()));
        }
    }

    private Long decoded() {
        spark.conf().set("spark.moe.scan", "spark");
        long ids =
                spark.sql("SELECT sum(size(indices)) FROM token_rows").first().getLong(0);
        spark.conf().unset("spark.moe.scan");
        return ids;
    }

    private Object sums(String backend, String column, String table) {
        spark.conf().set("spark.moe.backend", backend);
        Row row = spark.sql(String.format(SUMS, column, table)).first();
        return told(longs(row.getList(0)), longs(row.getList(1)));
    }

    private static long[] longs(List<Long> list) {
        return list.stream().mapToLong(Long::longValue).toArray();
    }

    private static Object matrices(List<Row> rows) {
        long[] load = new long[EXPERTS];
        long[] pairs = new long[EXPERTS * EXPERTS];
        for (Row row : rows) {
            if (row.isNullAt(1)) {
                load[row.getShort(0)] = row.getLong(2);
            } else {
                pairs[row.getShort(0) * EXPERTS + row.getShort(1)] = row.getLong(2);
            }
        }
        return told(load, pairs);
    }

    private static Object unnested(Statement duckdb, String files) throws Exception {
        long[] load = new long[EXPERTS];
        long[] pairs = new long[EXPERTS * EXPERTS];
        try (ResultSet rows = duckdb.executeQuery(
                "SELECT a, count(*) FROM (SELECT unnest(indices) a FROM " + files + ") GROUP BY a")) {
            while (rows.next()) {
                load[rows.getInt(1)] = rows.getLong(2);
            }
        }
        try (ResultSet rows =
                duckdb.executeQuery("SELECT a, b, count(*) FROM (SELECT a, unnest(indices) b FROM (SELECT indices, "
                        + "unnest(indices) a FROM " + files + ")) GROUP BY a, b")) {
            while (rows.next()) {
                pairs[rows.getInt(1) * EXPERTS + rows.getInt(2)] = rows.getLong(3);
            }
        }
        return told(load, pairs);
    }

    /** What is compared: the counts. */
    private static Object told(long[] load, long[] pairs) {
        return Arrays.toString(load) + Arrays.hashCode(pairs) + " of "
                + Arrays.stream(pairs).sum();
    }
}

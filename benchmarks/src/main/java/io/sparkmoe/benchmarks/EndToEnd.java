package io.sparkmoe.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Whole queries on Parquet files in the page cache: our aggregates beside Spark's explode + groupBy and DuckDB, in one
 * run, one thread each.
 *
 * <p>Arguments: folder for the tables, file for the results, [millions of ids a list table (64)], [millions of ids of the
 * packed table of long rows (1024)], [rounds (5)].
 */
public final class EndToEnd {
    private final SparkSession spark;
    private final Statement duckdb;
    private final int rounds;
    private final StringBuilder page = new StringBuilder();
    private final Map<Path, String> views = new HashMap<>();

    private EndToEnd(SparkSession spark, Statement duckdb, int rounds) {
        this.spark = spark;
        this.duckdb = duckdb;
        this.rounds = rounds;
    }

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        long ids = (args.length > 2 ? Long.parseLong(args[2]) : 64) << 20;
        long packedIds = (args.length > 3 ? Long.parseLong(args[3]) : 1024) << 20;
        int rounds = args.length > 4 ? Integer.parseInt(args[4]) : 5;
        try (SparkSession spark = session();
                Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement duckdb = connection.createStatement()) {
            duckdb.execute("SET threads = 1");
            EndToEnd run = new EndToEnd(spark, duckdb, rounds);
            run.page
                    .append("## Whole queries, one thread each\n\n")
                    .append(Machine.describe())
                    .append(", Spark ")
                    .append(spark.version())
                    .append(", DuckDB ")
                    .append(connection.getMetaData().getDatabaseProductVersion())
                    .append(". Median of ")
                    .append(rounds)
                    .append(" rounds, rivals in turn, files in the page cache.\n");
            run.fixedCost(folder);
            run.tokenRows(folder, ids);
            run.longRows(folder, ids);
            run.packedLongRows(folder, packedIds);
            Files.writeString(Path.of(args[1]), run.page);
        }
    }

    private static SparkSession session() {
        SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .appName("spark-moe-benchmarks")
                .config("spark.plugins", "io.sparkmoe.spark.MoeSparkPlugin")
                .config("spark.ui.enabled", "false")
                .config("spark.ui.showConsoleProgress", "false")
                .config("spark.sql.shuffle.partitions", "1")
                .config("spark.sql.files.maxPartitionBytes", "4g")
                .config("spark.sql.files.openCostInBytes", "0")
                .getOrCreate();
        spark.sparkContext().setLogLevel("WARN");
        return spark;
    }

    /** Adds a table to the page, and to the terminal at once: a whole run takes many minutes. */
    private void show(String table) {
        page.append(table);
        System.out.println(table);
    }

    /** Comes first and often: planning a query is 0.3 s in a JVM just started and a third of that in a warm one. */
    private void fixedCost(Path folder) throws Exception {
        Path one = Tables.lists(spark, folder, 1, 8);
        show(Timings.table(
                "Fixed cost: expert load over one row",
                8,
                new Timings(3 * rounds)
                        .warmUp(20)
                        .add("moe_expert_load", () -> load(one))
                        .add("Spark explode + groupBy", () -> explode(one))
                        .add("DuckDB unnest + group by", () -> unnest(one))
                        .run()));
    }

    private void tokenRows(Path folder, long ids) throws Exception {
        Path lists = Tables.lists(spark, folder, ids / 8, 8);
        Path packed = Tables.packed(spark, lists);
        show(Timings.table("Expert load by layer, rows of 8 ids", ids, loads(lists, packed)));
        // Spark's and DuckDB's groups by (row, expert) take minutes at the full size.
        Path few = Tables.lists(spark, folder, ids / 128, 8);
        show(Timings.table(
                "Padding at 16, 64 and 128, rows of 8 ids", ids / 16, paddings(few, Tables.packed(spark, few))));
        show(Timings.table("The operator on top of the decode, rows of 8 ids", ids, decode(lists)));
    }

    private void longRows(Path folder, long ids) throws Exception {
        Path lists = Tables.lists(spark, folder, ids / 8192, 8192);
        Path packed = Tables.packed(spark, lists);
        show(Timings.table("Expert load by layer, rows of 8,192 ids", ids, loads(lists, packed)));
        show(Timings.table("Padding at 16, 64 and 128, rows of 8,192 ids", ids, paddings(lists, packed)));
        show(Timings.table("The operator on top of the decode, rows of 8,192 ids", ids, decode(lists)));
    }

    private void packedLongRows(Path folder, long ids) throws Exception {
        Path lists = Tables.lists(spark, folder, ids / 8192, 8192);
        Path packed = Tables.packed(spark, lists);
        show(Timings.table(
                "Expert load by layer, rows of 8,192 ids, packed against DuckDB's lists",
                ids,
                new Timings(Math.min(rounds, 3))
                        .add("moe_expert_load, packed", () -> load(packed))
                        .add("DuckDB unnest + group by, lists", () -> unnest(lists))
                        .run()));
    }

    private Map<String, Double> loads(Path lists, Path packed) throws Exception {
        return new Timings(rounds)
                .add("moe_expert_load, lists", () -> load(lists))
                .add("moe_expert_load, packed", () -> load(packed))
                .add("DuckDB unnest + group by", () -> unnest(lists))
                .add("Spark explode + groupBy", () -> explode(lists))
                .run();
    }

    private Map<String, Double> paddings(Path lists, Path packed) throws Exception {
        return new Timings(Math.min(rounds, 3))
                .add("moe_padding_sum, lists", () -> padding(lists))
                .add("moe_padding_sum, packed", () -> padding(packed))
                .add("DuckDB unnest + group by twice", () -> duckdbPadding(lists))
                .add("Spark explode + groupBy twice", () -> explodePadding(lists))
                .run();
    }

    /** Decoding alone is a global sum of sizes: nothing a row but the length is computed. */
    private Map<String, Double> decode(Path lists) throws Exception {
        Map<String, Double> medians = new LinkedHashMap<>(new Timings(rounds)
                .add("Spark decodes: sum(size(topk_ids))", () -> {
                    return spark.sql("SELECT sum(size(topk_ids)) FROM " + view(lists))
                            .first()
                            .getLong(0);
                })
                .run());
        medians.putAll(new Timings(rounds)
                .add("moe_expert_load, all rows", () -> {
                    return spark.sql("SELECT moe_expert_load(topk_ids, num_experts => 256) FROM " + view(lists))
                            .first()
                            .getList(0)
                            .size();
                })
                .run());
        return medians;
    }

    /** The name of a table's view, made once: schema inference is a job of its own, and no part of a query. */
    private String view(Path table) {
        return views.computeIfAbsent(table, t -> {
            String name = "b" + views.size();
            spark.read().parquet(t.toString()).createOrReplaceTempView(name);
            return name;
        });
    }

    /** Every path answers with one number that depends on each count: sum of count * (layer + 1) * (expert + 1). */
    private Object load(Path table) {
        Row row = spark.sql(
                        "SELECT sum(aggregate(zip_with(c, sequence(1, 256), (n, e) -> n * e), 0L, (a, x) -> a + x) * "
                                + "(layer + 1)) FROM (SELECT layer, moe_expert_load(topk_ids, num_experts => 256) c FROM "
                                + view(table)
                                + " GROUP BY layer)")
                .first();
        return row.getLong(0);
    }

    private Object explode(Path table) {
        return spark.sql("SELECT sum(n * (e + 1) * (layer + 1)) FROM (SELECT layer, e, count(*) n FROM (SELECT layer, "
                        + "explode(topk_ids) e FROM " + view(table) + ") GROUP BY layer, e)")
                .first()
                .getLong(0);
    }

    private Object unnest(Path table) throws Exception {
        return duckdb(
                "SELECT cast(sum(n * (e + 1) * (layer + 1)) AS BIGINT) FROM (SELECT layer, e, count(*) n FROM (SELECT "
                        + "layer, unnest(topk_ids) e FROM " + files(table) + ") GROUP BY layer, e)");
    }

    private Object padding(Path table) {
        return spark.sql(
                        "SELECT aggregate(zip_with(p.blocks, p.slots, (b, s) -> b + s), 0L, (a, x) -> a + x) FROM (SELECT "
                                + "moe_padding_sum(topk_ids, num_experts => 256, block_sizes => array(16, 64, 128)) p FROM "
                                + view(table) + ")")
                .first()
                .getLong(0);
    }

    private static final String BLOCKS = "sum(ceil(n / 16.0) * 17 + ceil(n / 64.0) * 65 + ceil(n / 128.0) * 129)";

    private Object explodePadding(Path table) {
        return spark.sql("SELECT cast(" + BLOCKS + " AS BIGINT) FROM (SELECT id, e, count(*) n FROM (SELECT id, "
                        + "explode(topk_ids) e FROM " + view(table) + ") GROUP BY id, e)")
                .first()
                .getLong(0);
    }

    private Object duckdbPadding(Path table) throws Exception {
        return duckdb("SELECT cast(" + BLOCKS + " AS BIGINT) FROM (SELECT id, e, count(*) n FROM (SELECT id, "
                + "unnest(topk_ids) e FROM " + files(table) + ") GROUP BY id, e)");
    }

    private Object duckdb(String sql) throws Exception {
        try (ResultSet rows = duckdb.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private static String files(Path table) {
        return "read_parquet('" + table.toAbsolutePath() + "/*.parquet')";
    }
}

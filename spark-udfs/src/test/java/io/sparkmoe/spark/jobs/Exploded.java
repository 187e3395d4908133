package io.sparkmoe.spark.jobs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** The analyses by plain SQL over the exploded trace, one row an id: the independent computation that tests compare with. */
public final class Exploded {
    private static final String TOKEN = "source, request_id, choice, step, rank, pos";

    private final SparkSession spark;

    /** Explodes the good rows of a trace with unpacked ids. */
    public Exploded(Dataset<Row> trace) {
        spark = trace.sparkSession();
        trace.where("bad is null").createOrReplaceTempView("good_rows");
        spark.sql("select source, coalesce(request_id, '-') request_id, choice, coalesce(step, -1) step, "
                        + "coalesce(rank, -1) rank, phase, layer, first_position, num_tokens, topk, "
                        + "first_position + i div topk as pos, i % topk as slot, cast(id as int) id "
                        + "from good_rows lateral view posexplode(topk_ids) as i, id")
                .persist()
                .createOrReplaceTempView("slots");
        spark.sql("select distinct " + TOKEN + ", layer, id from slots where id >= 0")
                .persist()
                .createOrReplaceTempView("named");
    }

    /** The same of packed or unpacked ids. */
    public static Exploded of(Dataset<Row> trace) {
        boolean packed = trace.schema().apply("topk_ids").dataType().simpleString().equals("binary");
        return new Exploded(
                packed
                        ? trace.withColumn(
                                "topk_ids", functions.expr("moe_unpack_ids(topk_ids)"))
                        : trace);
    }

    /** (layer, expert): ids. */
    public Map<List<Integer>, Long> load() {
        return counts("select layer, id, count(*) from slots where id >= 0 group by layer, id");
    }

    /** (layer): tokens with a known id. */
    public Map<List<Integer>, Long> known() {
        return counts("select layer, count(distinct " + TOKEN + ") from named group by layer");
    }

    /** (layer, expert, with_expert): tokens that name both. */
    public Map<List<Integer>, Long> coactivation() {
        return counts("select a.layer, a.id, b.id, count(*) from named a join named b using (" + TOKEN
                + ", layer) group by a.layer, a.id, b.id");
    }

    /** (from_layer, to_layer, from_expert, to_expert): pairs of slots; lag 0 means every later layer. */
    public Map<List<Integer>, Long> transitions(int lag) {
        spark.sql("select *, dense_rank() over (partition by source, request_id, choice, step, rank, first_position "
                        + "order by layer) r from slots")
                .createOrReplaceTempView("ranked");
        return counts("select a.layer, b.layer, a.id, b.id, count(*) from ranked a join ranked b using (" + TOKEN
                + ") where a.id >= 0 and b.id >= 0 and " + (lag == 0 ? "b.r > a.r" : "b.r = a.r + " + lag)
                + " group by a.layer, b.layer, a.id, b.id");
    }

    /** Integers as key and a count behind them, as a map. */
    public Map<List<Integer>, Long> counts(String query) {
        return counts(spark.sql(query));
    }

    /** The same of a data set. */
    public static Map<List<Integer>, Long> counts(Dataset<Row> rows) {
        Map<List<Integer>, Long> out =
                new HashMap<>();
        for (Row row : rows.collectAsList()) {
            List<Integer> key = new ArrayList<>();
            for (int i = 0; i < row.size() - 1; i++) {
                key.add(row.getInt(i));
            }
            out.put(key, row.getLong(row.size() - 1));
        }
        return out;
    }
}

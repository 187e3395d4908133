package io.sparkmoe.spark.jobs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
        boolean packed =
                trace.schema().apply("topk_ids").dataType().simpleString().equals("binary");
        return new Exploded(packed ? trace.withColumn("topk_ids", functions.expr("moe_unpack_ids(topk_ids)")) : trace);
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

    /** (layer, expert): ids of steps, or of positions where there is no step, in [from, to]. */
    public Map<List<Integer>, Long> between(String unit, long from, long to) {
        String in = unit.equals("step") ? "step >= 0 and step" : "step < 0 and pos";
        return counts("select layer, id, count(*) from slots where id >= 0 and " + in + " between " + from + " and "
                + to + " group by layer, id");
    }

    /** Lines "layer phase passes blocks used capacity dropped" of passes of {@code n} tokens, and of recorded ones. */
    public Set<String> passes(int n, int block, double factor, int experts) {
        String sequence = "source, request_id, choice";
        spark.sql("select *, min(pos) over (partition by " + sequence + ", layer) s from slots "
                        + "where step < 0 and coalesce(phase, 'prefill') <> 'decode'")
                .createOrReplaceTempView("prompt");
        spark.sql("select *, dense_rank() over (partition by step order by " + sequence
                        + ") - 1 r, min(pos) over (partition by " + sequence
                        + ") s from slots where step < 0 and phase = 'decode'")
                .createOrReplaceTempView("decode");
        spark.sql("select layer, 'prefill' kind, concat_ws('/', " + sequence + ", (pos - s) div " + n
                        + ") pass, id from prompt union all select layer, 'decode', concat_ws('/', r div " + n
                        + ", pos - s), id from decode union all "
                        + "select layer, 'recorded', concat_ws('/', source, step, rank), id from slots where step >= 0")
                .createOrReplaceTempView("pass_slots");
        spark.sql("select layer, kind, pass, bigint(ceil((double(count(*)) / " + experts + ") * " + factor
                        + "D)) cap from pass_slots group by layer, kind, pass")
                .createOrReplaceTempView("caps");
        spark.sql(
                        "select layer, kind, pass, id, count(*) c from pass_slots where id >= 0 group by layer, kind, pass, id")
                .createOrReplaceTempView("of_expert");
        return new TreeSet<>(spark
                .sql(
                        "select concat_ws(' ', layer, kind, count(*), sum(blocks), sum(used), sum(cap), sum(dropped)) from "
                                + "(select layer, kind, pass, cap, sum(coalesce(ceil(c / " + block
                                + "), 0)) blocks, sum(coalesce(c, 0)) used, sum(greatest(0, coalesce(c, 0) - cap)) dropped "
                                + "from caps left join of_expert using (layer, kind, pass) group by layer, kind, pass, cap) "
                                + "group by layer, kind")
                .collectAsList()
                .stream()
                .map(r -> r.getString(0))
                .toList());
    }

    /** Integers as key and a count behind them, as a map. */
    public Map<List<Integer>, Long> counts(String query) {
        return counts(spark.sql(query));
    }

    /** The same of a data set. */
    public static Map<List<Integer>, Long> counts(Dataset<Row> rows) {
        Map<List<Integer>, Long> out = new HashMap<>();
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

package io.sparkmoe.spark.jobs.compare;

import io.sparkmoe.core.analysis.AgreementTotals;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The same comparison by plain SQL: both traces exploded to a row a token and layer, joined, and counted. */
public final class ExplodedComparison {
    private final SparkSession spark;
    private final int topk;
    private final int experts;

    private ExplodedComparison(SparkSession spark, int topk, int experts) {
        this.spark = spark;
        this.topk = topk;
        this.experts = experts;
    }

    /** {@code key} is an SQL expression that names a sequence; the sides need topk_ids as array of int. */
    public static Comparison of(Dataset<Row> left, Dataset<Row> right, String key, int topk, int experts) {
        ExplodedComparison sql = new ExplodedComparison(left.sparkSession(), topk, experts);
        left.createOrReplaceTempView("left_rows");
        right.createOrReplaceTempView("right_rows");
        sql.view("l", sql.exploded("left_rows", key));
        sql.view("r", sql.exploded("right_rows", key));
        sql.lineUp();
        return sql.result();
    }

    private void view(String name, String query) {
        spark.sql(query).cache().createOrReplaceTempView(name);
    }

    private long number(String query) {
        Row row = spark.sql(query).head();
        return row.isNullAt(0) ? 0 : row.getLong(0);
    }

    private String exploded(String rows, String key) {
        return ("select key, layer, first_position + t as position, "
                        + "transform(slice(ids, t * %1$d + 1, %1$d), i -> nullif(i, -1)) as ids, text[t] as text from (select %2$s key, "
                        + "layer, first_position, topk_ids as ids, token_ids as text, explode(sequence(0, num_tokens - 1)) t from %3$s)")
                .formatted(topk, key, rows);
    }

    private void lineUp() {
        for (String side : List.of("l", "r")) {
            String other = side.equals("l") ? "r" : "l";
            view(
                    "twice_" + side,
                    "select distinct key from (select key from %s group by key, layer, position having count(*) > 1) "
                                    .formatted(side)
                            + "where key in (select key from " + other + ")");
        }
        for (String side : List.of("l", "r")) {
            view(
                    "once_" + side,
                    "select * from " + side
                            + " where key not in (select * from twice_l) and key not in (select * from twice_r)");
            view("tokens_" + side, "select distinct key, position from once_" + side);
            view("all_" + side, "select distinct key, position from " + side);
        }
        view("both", "select key, position from tokens_l intersect select key, position from tokens_r");
        view(
                "pairs",
                "select key, layer, position, a.ids a, b.ids b, coalesce(a.text != b.text, false) other, "
                        + "exists(a.ids, i -> i is null) or exists(b.ids, i -> i is null) masked, "
                        + "array_sort(array_distinct(a.ids)) = array_sort(array_distinct(b.ids)) same "
                        + "from once_l a join once_r b using (key, layer, position)");
        view("layers", "select distinct layer from l intersect select distinct layer from r");
        view(
                "whole",
                "select count_if(not same) n from pairs where not other and not masked group by key, position "
                        + "having count(*) = (select count(*) from layers)");
    }

    private Comparison result() {
        TreeMap<Integer, Comparison.Layer> layers = new TreeMap<>();
        spark.sql("select layer from layers").collectAsList().forEach(r -> layers.put(r.getInt(0), layer()));
        spark.sql(
                        "select layer, count_if(not masked), count_if(not masked and same), "
                                + "sum(if(masked, 0, size(array_intersect(a, b)))), sum(if(masked, 0, size(array_union(a, b)))), "
                                + "count_if(not masked and a[0] = b[0]), count_if(masked) from pairs where not other group by layer")
                .collectAsList()
                .forEach(r -> layers.compute(r.getInt(0), (l, empty) -> totals(r, empty)));
        load("a").forEach(r -> layers.get(r.getInt(0)).leftLoad()[r.getInt(1)] = r.getLong(2));
        load("b").forEach(r -> layers.get(r.getInt(0)).rightLoad()[r.getInt(1)] = r.getLong(2));
        return new Comparison(
                layers,
                number("select count(*) from whole"),
                number("select count_if(n > 0) from whole"),
                number("select sum(n) from whole"),
                leftOut(),
                true,
                number("select count(text) from l") > 0 && number("select count(text) from r") > 0);
    }

    private Comparison.Layer layer() {
        return new Comparison.Layer(AgreementTotals.NONE, new long[experts], new long[experts]);
    }

    private static Comparison.Layer totals(Row r, Comparison.Layer empty) {
        return new Comparison.Layer(
                new AgreementTotals(r.getLong(1), r.getLong(2), r.getLong(3), r.getLong(4), r.getLong(5), r.getLong(6)),
                empty.leftLoad(),
                empty.rightLoad());
    }

    private List<Row> load(String side) {
        return spark.sql("select layer, id, count(*) from (select layer, explode(" + side
                        + ") id from pairs where not other) " + "where id is not null group by layer, id")
                .collectAsList();
    }

    private List<LeftOut> leftOut() {
        List<LeftOut> out = new ArrayList<>();
        add(out, LeftOut.DUPLICATE_LEFT, "select * from tokens_of_twice_l");
        add(out, LeftOut.DUPLICATE_RIGHT, "select * from tokens_of_twice_r");
        add(out, LeftOut.LAYER_MISSING_LEFT, lacking("r", "l"));
        add(out, LeftOut.LAYER_MISSING_RIGHT, lacking("l", "r"));
        add(out, LeftOut.OTHER_TEXT, "select distinct key, position from pairs where other");
        add(out, LeftOut.POSITION_MISSING_LEFT, alone("r", "l"));
        add(out, LeftOut.POSITION_MISSING_RIGHT, alone("l", "r"));
        add(out, LeftOut.REQUEST_MISSING_LEFT, "select * from all_r where key not in (select key from l)");
        add(out, LeftOut.REQUEST_MISSING_RIGHT, "select * from all_l where key not in (select key from r)");
        return out;
    }

    private static String lacking(String has, String lacks) {
        return "select distinct key, position from (select key, layer, position from once_%s except select key, layer, position "
                        .formatted(has)
                + "from once_%s) join both using (key, position)".formatted(lacks);
    }

    private static String alone(String has, String lacks) {
        return "select * from (select * from tokens_%1$s except select * from tokens_%2$s) where key in (select key from %2$s)"
                .formatted(has, lacks);
    }

    private void add(List<LeftOut> out, String reason, String query) {
        for (String side : List.of("l", "r")) {
            spark.sql("select * from all_%1$s where key in (select * from twice_%1$s)".formatted(side))
                    .createOrReplaceTempView("tokens_of_twice_" + side);
        }
        Row row = spark.sql("select count(distinct key), count(*) from (" + query + ")")
                .head();
        if (row.getLong(1) > 0) {
            out.add(new LeftOut(reason, row.getLong(0), row.getLong(1)));
        }
    }
}

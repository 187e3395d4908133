package io.sparkmoe.spark.jobs.specialize;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.sum;

import io.sparkmoe.spark.jobs.rows.IdColumn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/** Tokens of each domain and layer that have a known id. */
final class KnownTokens {
    private static final StructType SCHEMA = new StructType()
            .add("domain", DataTypes.StringType, false)
            .add("layer", DataTypes.IntegerType, false)
            .add("tokens", DataTypes.LongType, false);

    private record Key(UTF8String domain, int layer) {}

    private KnownTokens() {}

    /**
     * Counts (domain, layer, tokens); ids are read only where some may be masked.
     *
     * @param rows with a column domain
     */
    static Dataset<Row> of(Dataset<Row> rows, int topk, boolean masked) {
        Dataset<Row> tokens = masked
                ? knownOnly(rows, topk)
                : rows.select(
                        col("domain"),
                        col("layer"),
                        col("num_tokens").cast("bigint").as("tokens"));
        return tokens.groupBy("domain", "layer").agg(sum("tokens").as("tokens"));
    }

    private static Dataset<Row> knownOnly(Dataset<Row> rows, int topk) {
        Dataset<Row> read = rows.select("domain", "layer", "topk_ids");
        IdColumn column = IdColumn.of(read.schema().apply("topk_ids").dataType());
        JavaRDD<Row> counted = read.queryExecution().toRdd().toJavaRDD().mapPartitions(it -> count(it, column, topk));
        return rows.sparkSession().createDataFrame(counted, SCHEMA);
    }

    private static Iterator<Row> count(Iterator<InternalRow> rows, IdColumn column, int topk) {
        Map<Key, Long> sums = new HashMap<>();
        for (long number = 0; rows.hasNext(); number++) {
            InternalRow row = rows.next();
            int n = column.read(row, 2, number);
            Key key = new Key(row.getUTF8String(0).copy(), row.getInt(1));
            sums.merge(key, known(column.ids(), n, topk), Long::sum);
        }
        List<Row> out = new ArrayList<>();
        sums.forEach((key, tokens) -> out.add(RowFactory.create(key.domain.toString(), key.layer, tokens)));
        return out.iterator();
    }

    private static long known(int[] ids, int n, int topk) {
        long known = 0;
        for (int token = 0; token < n; token += topk) {
            int all = -1;
            for (int i = token; i < token + topk; i++) {
                all &= ids[i];
            }
            known += all == -1 ? 0 : 1;
        }
        return known;
    }
}

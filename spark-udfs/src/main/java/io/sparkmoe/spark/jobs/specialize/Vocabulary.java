package io.sparkmoe.spark.jobs.specialize;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.sparkmoe.spark.jobs.rows.IdColumn;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/**
 * Vocabulary specialization (OLMoE): of each token id, the share of its occurrences that choose its most frequent expert
 * first, at each layer. Each task counts (layer, token id, expert) in a table of bounded size and emits compact blocks of
 * 256 token ids; one shuffle brings a block's parts together. No table of vocabulary * experts * layers exists anywhere.
 */
public final class Vocabulary {
    private static final StructType BLOCKS = new StructType()
            .add("layer", DataTypes.IntegerType, false)
            .add("block", DataTypes.IntegerType, false)
            .add("cells", DataTypes.BinaryType, false);

    private static final StructType TOKENS = new StructType()
            .add("layer", DataTypes.IntegerType, false)
            .add("token_id", DataTypes.IntegerType, false)
            .add("occurrences", DataTypes.LongType, false)
            .add("expert", DataTypes.IntegerType, false)
            .add("top_share", DataTypes.DoubleType, false);

    private final Dataset<Row> blocks;
    private final VocabularyOptions options;

    private Vocabulary(Dataset<Row> blocks, VocabularyOptions options) {
        this.blocks = blocks;
        this.options = options;
    }

    /** Of usable rows of a trace table with token_ids, slot_order and topk_weights. */
    public static Vocabulary of(Dataset<Row> rows, VocabularyOptions options) {
        Dataset<Row> read = plan(rows);
        IdColumn column = IdColumn.of(read.schema().apply("topk_ids").dataType());
        JavaRDD<Row> cells = read.queryExecution()
                .toRdd()
                .toJavaRDD()
                .mapPartitions(it -> new VocabularyCounter(it, options, column));
        Dataset<Row> blocks = rows.sparkSession()
                .createDataFrame(cells, BLOCKS)
                .repartition(col("layer"), col("block"))
                .sortWithinPartitions("layer", "block");
        return new Vocabulary(blocks, options);
    }

    /** What is read; weights only where slots are in no order. */
    static Dataset<Row> plan(Dataset<Row> rows) {
        Column ordered = coalesce(col("slot_order").equalTo("score_desc"), lit(false));
        return rows.select(
                col("layer"),
                col("num_tokens"),
                col("topk_ids"),
                col("token_ids"),
                ordered.as("ordered"),
                when(ordered, lit(null)).otherwise(col("topk_weights")).as("topk_weights"));
    }

    private JavaRDD<InternalRow> merged() {
        return blocks.queryExecution().toRdd().toJavaRDD();
    }

    /** The totals by layer, ascending. */
    public SortedMap<Integer, VocabularyTotals> totals() {
        VocabularyOptions o = options;
        Map<Integer, VocabularyTotals> found = merged().mapPartitionsToPair(it -> pairs(it, o))
                .reduceByKey(VocabularyTotals::plus)
                .collectAsMap();
        return new TreeMap<>(found);
    }

    private static Iterator<Tuple2<Integer, VocabularyTotals>> pairs(
            Iterator<InternalRow> rows, VocabularyOptions options) {
        VocabularyMerge merge = new VocabularyMerge(options, (layer, tokenId, seen, expert, top) -> {});
        return merge.run(rows).entrySet().stream()
                .map(e -> new Tuple2<>(e.getKey(), e.getValue()))
                .iterator();
    }

    /**
     * Token ids seen often enough: (layer, token_id, occurrences, expert, top_share). A task holds a partition of the
     * vocabulary.
     */
    public Dataset<Row> tokens() {
        VocabularyOptions o = options;
        JavaRDD<Row> rows = merged().mapPartitions(it -> tokens(it, o));
        return blocks.sparkSession().createDataFrame(rows, TOKENS);
    }

    private static Iterator<Row> tokens(Iterator<InternalRow> rows, VocabularyOptions options) {
        List<Row> out = new ArrayList<>();
        new VocabularyMerge(
                        options,
                        (layer, tokenId, seen, expert, top) ->
                                out.add(RowFactory.create(layer, tokenId, seen, expert, (double) top / seen)))
                .run(rows);
        return out.iterator();
    }
}

package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.routing.PackedIds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Trace tables made by hand: sequences with known ids, cut into rows in many ways. */
public final class TraceRows {
    public static final int EXPERTS = 24;
    public static final int TOPK = 3;
    public static final List<Integer> LAYERS = List.of(1, 2, 5);

    /** ids[layer index][token][slot]; the first prompt tokens are prefill, the rest decode. */
    @SuppressWarnings("ArrayRecordComponent") // compared by nothing
    public record Sequence(String source, String request, int choice, int start, int prompt, int[][][] ids) {
        public int tokens() {
            return ids[0].length;
        }
    }

    private TraceRows() {}

    /** Random sequences, skewed towards low experts, some ids masked; two sources, null and repeated request ids. */
    public static List<Sequence> sequences(int count, long seed) {
        Random random = new Random(seed);
        List<Sequence> out = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int prompt = random.nextInt(40);
            int decode = random.nextInt(5) == 0 ? 0 : random.nextInt(25);
            String request = i == 0 ? null : "r" + i / 2;
            out.add(new Sequence(
                    "s" + i % 2,
                    request,
                    i / 2 % 2 + 2 * (i % 2),
                    random.nextInt(3) * 5,
                    prompt,
                    ids(random, prompt + decode)));
        }
        return out;
    }

    private static int[][][] ids(Random random, int tokens) {
        int[][][] ids = new int[LAYERS.size()][tokens][TOPK];
        for (int[][] layer : ids) {
            for (int[] token : layer) {
                for (int k = 0; k < TOPK; k++) {
                    int id = (int) (EXPERTS * Math.pow(random.nextDouble(), 3));
                    token[k] = random.nextInt(50) == 0 ? -1 : id;
                }
            }
        }
        return ids;
    }

    /** The schema with a type of topk_ids. */
    public static StructType schema(DataType ids) {
        return new StructType()
                .add("source", DataTypes.StringType)
                .add("request_id", DataTypes.StringType)
                .add("choice", DataTypes.IntegerType)
                .add("step", DataTypes.LongType)
                .add("rank", DataTypes.IntegerType)
                .add("phase", DataTypes.StringType)
                .add("layer", DataTypes.IntegerType)
                .add("first_position", DataTypes.IntegerType)
                .add("num_tokens", DataTypes.IntegerType)
                .add("num_experts", DataTypes.IntegerType)
                .add("topk", DataTypes.IntegerType)
                .add("topk_ids", ids)
                .add("bad", new StructType().add("reason", DataTypes.StringType).add("record", DataTypes.LongType))
                .add("attributes", DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType));
    }

    /** Rows in block order: blocks of at most {@code maxTokens} cut at multiples of it and where the phase changes. */
    public static List<Row> rows(List<Sequence> sequences, int maxTokens, boolean packed) {
        List<Row> out = new ArrayList<>();
        for (Sequence s : sequences) {
            for (int from = 0; from < s.tokens(); ) {
                int position = s.start + from;
                int to = Math.min(s.tokens(), from + maxTokens - position % maxTokens);
                to = from < s.prompt ? Math.min(to, s.prompt) : to;
                for (int l = 0; l < LAYERS.size(); l++) {
                    out.add(row(s, l, from, to, packed));
                }
                from = to;
            }
        }
        return out;
    }

    private static Row row(Sequence s, int l, int from, int to, boolean packed) {
        int[] ids =
                Arrays.stream(s.ids[l], from, to).flatMapToInt(Arrays::stream).toArray();
        Object column = packed ? PackedIds.pack(ids, 0) : ids;
        return RowFactory.create(
                s.source,
                s.request,
                s.choice,
                null,
                null,
                from < s.prompt ? "prefill" : "decode",
                LAYERS.get(l),
                s.start + from,
                to - from,
                EXPERTS,
                TOPK,
                column,
                null,
                null);
    }

    /** A table of the rows; shuffled with a seed unless it is negative. */
    public static Dataset<Row> table(
            SparkSession spark, List<Row> rows, int partitions, long shuffleSeed, boolean packed) {
        List<Row> order = new ArrayList<>(rows);
        if (shuffleSeed >= 0) {
            Collections.shuffle(order, new Random(shuffleSeed));
        }
        DataType ids = packed ? DataTypes.BinaryType : DataTypes.createArrayType(DataTypes.IntegerType, false);
        return spark.createDataFrame(
                new JavaSparkContext(spark.sparkContext()).parallelize(order, partitions), schema(ids));
    }

    /** A table of the rows in their order, every partition of whole token blocks. */
    public static Dataset<Row> blocks(SparkSession spark, List<Row> rows, int partitions, boolean packed) {
        List<List<Row>> blocks = new ArrayList<>();
        for (Row row : rows) {
            List<Row> last = blocks.isEmpty() ? null : blocks.get(blocks.size() - 1);
            if (last != null && block(last.get(0)).equals(block(row))) {
                last.add(row);
            } else {
                blocks.add(new ArrayList<>(List.of(row)));
            }
        }
        DataType ids = packed ? DataTypes.BinaryType : DataTypes.createArrayType(DataTypes.IntegerType, false);
        return spark.createDataFrame(
                new JavaSparkContext(spark.sparkContext())
                        .parallelize(blocks, partitions)
                        .flatMap(List::iterator),
                schema(ids));
    }

    private static List<Object> block(Row row) {
        return Arrays.asList(row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(7));
    }
}

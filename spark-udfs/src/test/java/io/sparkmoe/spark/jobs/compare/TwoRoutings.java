package io.sparkmoe.spark.jobs.compare;

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
import org.jspecify.annotations.Nullable;

/**
 * Two random routings of mostly the same sequences, with everything in them that keeps them from lining up: sequences of one
 * side, other starts and ends, gaps, missing layers, sequences twice, other token ids, masked, NULL and repeated ids.
 */
public final class TwoRoutings {
    public static final int EXPERTS = 19;
    public static final int TOPK = 4;
    public static final List<Integer> LAYERS = List.of(1, 2, 5, 6);

    private static final DataType INTS = DataTypes.createArrayType(DataTypes.IntegerType, true);
    private static final StructType SCHEMA = new StructType()
            .add("source", DataTypes.StringType)
            .add("request_id", DataTypes.StringType)
            .add("choice", DataTypes.IntegerType)
            .add("layer", DataTypes.IntegerType)
            .add("first_position", DataTypes.IntegerType)
            .add("num_tokens", DataTypes.IntegerType)
            .add("slot_order", DataTypes.StringType)
            .add("topk_ids", INTS)
            .add("token_ids", INTS)
            .add("attributes", DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType));

    private final Random random;
    private final boolean text;
    private final List<Row> left = new ArrayList<>();
    private final List<Row> right = new ArrayList<>();

    private TwoRoutings(long seed, boolean text) {
        this.random = new Random(seed);
        this.text = text;
    }

    /** {@code text} puts token ids on most rows of both sides. */
    public static TwoRoutings of(int sequences, long seed, boolean text) {
        TwoRoutings out = new TwoRoutings(seed, text);
        for (int i = 0; i < sequences; i++) {
            out.sequence(i);
        }
        return out;
    }

    /** A side as a table of so many partitions, in an order of its own. */
    public static Dataset<Row> table(SparkSession spark, List<Row> rows, int partitions) {
        List<Row> order = new ArrayList<>(rows);
        Collections.shuffle(order, new Random(partitions));
        return spark.createDataFrame(
                JavaSparkContext.fromSparkContext(spark.sparkContext()).parallelize(order, partitions), SCHEMA);
    }

    public List<Row> left() {
        return left;
    }

    public List<Row> right() {
        return right;
    }

    private void sequence(int i) {
        // Some lie across the end of a block of positions.
        int start = i % 7 == 3 ? TokenStates.POSITIONS - 20 : 0;
        int tokens = 1 + random.nextInt(60);
        int[][][] ids = new int[LAYERS.size()][tokens][TOPK];
        int[] tokenIds = random.ints(tokens, 0, 50).toArray();
        Arrays.stream(ids).flatMap(Arrays::stream).forEach(this::draw);
        String request = i == 0 ? null : "r" + i / 2;
        if (i % 11 != 5) {
            side(left, request, i % 2, start, ids, tokenIds, i % 13 == 4);
        }
        perturb(ids, tokenIds, i);
        if (i % 11 != 6) {
            side(right, request, i % 2, start, ids, tokenIds, i % 17 == 4);
        }
    }

    private void draw(int[] token) {
        for (int k = 0; k < TOPK; k++) {
            token[k] = random.nextInt(40) == 0 ? -1 : (int) (EXPERTS * Math.pow(random.nextDouble(), 2));
        }
    }

    /** Other order, other sets, other text. */
    private void perturb(int[][][] ids, int[] tokenIds, int i) {
        for (int[][] layer : ids) {
            for (int[] token : layer) {
                int first = token[0];
                switch (random.nextInt(8)) {
                    case 0 -> draw(token);
                    case 1 -> token[random.nextInt(TOPK)] = random.nextInt(EXPERTS);
                    case 2 -> {
                        token[0] = token[TOPK - 1];
                        token[TOPK - 1] = first;
                    }
                    default -> {}
                }
            }
        }
        for (int t = 0; t < tokenIds.length; t++) {
            tokenIds[t] += i % 5 == 0 && random.nextInt(6) == 0 ? 1 : 0;
        }
    }

    private void side(
            List<Row> out,
            @Nullable String request,
            int choice,
            int start,
            int[][][] ids,
            int[] tokens,
            boolean twice) {
        int from = random.nextInt(4) == 0 ? random.nextInt(tokens.length) : 0;
        int to = random.nextInt(4) == 0 ? from + random.nextInt(tokens.length - from) + 1 : tokens.length;
        int lacking = random.nextInt(6) == 0 ? random.nextInt(LAYERS.size()) : -1;
        for (int copy = 0; copy < (twice ? 2 : 1); copy++) {
            for (int l = 0; l < LAYERS.size(); l++) {
                if (l != lacking) {
                    cut(out, request, choice, start, LAYERS.get(l), ids[l], tokens, from, to);
                }
            }
        }
    }

    /** Rows of random lengths, none of them for some stretches. */
    private void cut(
            List<Row> out,
            @Nullable String request,
            int choice,
            int start,
            int layer,
            int[][] ids,
            int[] tokens,
            int from,
            int to) {
        for (int at = from; at < to; ) {
            int end = Math.min(to, at + 1 + random.nextInt(25));
            if (random.nextInt(30) != 0) {
                out.add(RowFactory.create(
                        "file" + random.nextInt(2),
                        request,
                        choice,
                        layer,
                        start + at,
                        end - at,
                        "score_desc",
                        flat(ids, at, end),
                        text && random.nextInt(10) != 0 ? boxed(tokens, at, end) : null,
                        null));
            }
            at = end;
        }
    }

    /** Masked ids as -1 or as NULL. */
    private Object[] flat(int[][] ids, int from, int to) {
        return Arrays.stream(ids, from, to)
                .flatMapToInt(Arrays::stream)
                .mapToObj(id -> id == -1 && random.nextBoolean() ? null : (Object) id)
                .toArray();
    }

    private static Object[] boxed(int[] values, int from, int to) {
        return Arrays.stream(values, from, to).boxed().toArray();
    }
}

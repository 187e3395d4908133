package io.sparkmoe.spark.sql;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * A seeded table of segments with activations, as Parquet: fp32 lists, packed tensors of one type and of several, masked ids,
 * empty segments, and rows that are NULL in one column or another.
 */
final class TensorTable {
    static final int EXPERTS = 8;
    static final int TOPK = 2;
    static final int HIDDEN = 6;
    static final int ROWS = 400;

    private static final Path FOLDER = Path.of("target", "tensor-table");

    private TensorTable() {}

    static int tokens(long id) {
        return id % 40 == 1 ? 0 : 1 + (int) (id * 7 % 5);
    }

    static float @Nullable [] hidden(long id) {
        return id % 31 == 0 ? null : floats(id, 1, tokens(id) * HIDDEN);
    }

    /** What the experts gave: a row a slot. */
    static float[] down(long id) {
        return floats(id, 2, tokens(id) * TOPK * HIDDEN);
    }

    static float[] logits(long id) {
        float[] logits = floats(id, 3, tokens(id) * EXPERTS);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = Math.round(logits[i]) / 4f;
        }
        return logits;
    }

    static float @Nullable [] weights(long id) {
        return id % 37 == 2 ? null : floats(id, 4, tokens(id) * TOPK);
    }

    static int @Nullable [] ids(long id) {
        if (id % 41 == 3) {
            return null;
        }
        SplittableRandom random = new SplittableRandom(id);
        int[] ids = new int[tokens(id) * TOPK];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = random.nextInt(9) == 0 ? -1 : random.nextInt(EXPERTS);
        }
        return ids;
    }

    /** The type of column mixed on a row. */
    static NarrowFloats type(long id) {
        return new NarrowFloats[] {NarrowFloats.FP32, NarrowFloats.FP16, NarrowFloats.BF16}[(int) (id / 5 % 3)];
    }

    private static float[] floats(long id, int salt, int n) {
        SplittableRandom random = new SplittableRandom(id * 101 + salt);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            int kind = random.nextInt(60);
            values[i] = kind == 0
                    ? Float.NaN
                    : kind == 1 ? -0f : kind == 2 ? 1e-6f : (float) random.nextDouble(-9, 9) * (kind == 3 ? 1000 : 1);
            if (salt != 1 && Float.isNaN(values[i])) {
                values[i] = 0.5f;
            }
        }
        return values;
    }

    /** Registers the table as view {@code x}. */
    static synchronized void register(SparkSession spark) {
        if (!Files.exists(FOLDER.resolve("_SUCCESS"))) {
            spark.createDataFrame(rows(), schema())
                    .repartition(3)
                    .sortWithinPartitions("id")
                    .write()
                    .mode(SaveMode.Overwrite)
                    .parquet(FOLDER.toString());
        }
        spark.read().parquet(FOLDER.toString()).createOrReplaceTempView("x");
    }

    private static StructType schema() {
        DataType floats = DataTypes.createArrayType(DataTypes.FloatType, true);
        return new StructType()
                .add("id", DataTypes.LongType, false)
                .add("layer", DataTypes.IntegerType, false)
                .add("hidden", floats)
                .add("p16", DataTypes.BinaryType)
                .add("mixed", DataTypes.BinaryType)
                .add("down", floats)
                .add("logits", floats)
                .add("weights", floats)
                .add("ids", DataTypes.createArrayType(DataTypes.IntegerType, true));
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (long id = 0; id < ROWS; id++) {
            float[] hidden = hidden(id);
            rows.add(RowFactory.create(
                    id,
                    (int) (id % 4),
                    list(hidden),
                    hidden == null ? null : NarrowFloats.FP16.pack(hidden, HIDDEN),
                    hidden == null ? null : type(id).pack(hidden, HIDDEN),
                    list(down(id)),
                    list(logits(id)),
                    list(weights(id)),
                    list(ids(id))));
        }
        return rows;
    }

    private static @Nullable List<Float> list(float @Nullable [] values) {
        if (values == null) {
            return null;
        }
        List<Float> list = new ArrayList<>();
        for (float v : values) {
            list.add(v);
        }
        return list;
    }

    private static @Nullable List<Integer> list(int @Nullable [] ids) {
        if (ids == null) {
            return null;
        }
        List<Integer> list = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            list.add(ids[i] < 0 && i % 2 == 0 ? null : (Integer) ids[i]);
        }
        return list;
    }
}

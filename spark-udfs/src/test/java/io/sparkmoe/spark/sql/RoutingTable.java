package io.sparkmoe.spark.sql;

import io.sparkmoe.core.routing.PackedIds;
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
 * A seeded table of routed segments with the same ids in every column type, as Parquet: NULL lists, empty lists, NULL and
 * -1 elements, lengths that are multiples of topk.
 */
public final class RoutingTable {
    static final int EXPERTS = 24;
    static final int TOPK = 4;
    public static final int ROWS = 1500;
    public static final String[] ID_COLUMNS = {"i8", "i16", "i32", "i64", "nested", "packed"};

    private static final Path FOLDER = Path.of("target", "routing-table");

    private RoutingTable() {}

    /** The ids of a row with NULL elements as -1, or null for a NULL list. */
    static int @Nullable [] ids(long id) {
        if (id % 97 == 0) {
            return null;
        }
        SplittableRandom random = new SplittableRandom(id * 31 + 7);
        int tokens = id % 50 == 1 ? 0 : 1 + random.nextInt(12);
        int[] ids = new int[tokens * TOPK];
        for (int i = 0; i < ids.length; i++) {
            int skewed = random.nextInt(EXPERTS) * random.nextInt(EXPERTS) / EXPERTS;
            ids[i] = random.nextInt(20) == 0 ? -1 : skewed;
        }
        return ids;
    }

    static int layer(long id) {
        return (int) (id % 5);
    }

    /** Registers the table as view {@code t} and returns its path. */
    public static synchronized String register(SparkSession spark) {
        if (!Files.exists(FOLDER.resolve("_SUCCESS"))) {
            spark.createDataFrame(rows(), schema())
                    .repartition(3)
                    .sortWithinPartitions("id")
                    .write()
                    .mode(SaveMode.Overwrite)
                    .parquet(FOLDER.toString());
        }
        spark.read().parquet(FOLDER.toString()).createOrReplaceTempView("t");
        return FOLDER.toString();
    }

    private static StructType schema() {
        DataType ints = DataTypes.createArrayType(DataTypes.IntegerType, true);
        return new StructType()
                .add("id", DataTypes.LongType, false)
                .add("layer", DataTypes.IntegerType, false)
                .add("name", DataTypes.StringType, true)
                .add("i8", DataTypes.createArrayType(DataTypes.ByteType, true))
                .add("i16", DataTypes.createArrayType(DataTypes.ShortType, true))
                .add("i32", ints)
                .add("i64", DataTypes.createArrayType(DataTypes.LongType, true))
                .add("nested", DataTypes.createArrayType(ints, true))
                .add("packed", DataTypes.BinaryType);
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (long id = 0; id < ROWS; id++) {
            int[] ids = ids(id);
            String name = id % 7 == 0 ? null : "request-" + id % 3;
            if (ids == null) {
                rows.add(RowFactory.create(id, layer(id), name, null, null, null, null, null, null));
                continue;
            }
            List<Byte> bytes = new ArrayList<>();
            List<Short> shorts = new ArrayList<>();
            List<Integer> ints = new ArrayList<>();
            List<Long> longs = new ArrayList<>();
            for (int i = 0; i < ids.length; i++) {
                boolean asNull = ids[i] == -1 && i % 2 == 0;
                bytes.add(asNull ? null : (Byte) (byte) ids[i]);
                shorts.add(asNull ? null : (Short) (short) ids[i]);
                ints.add(asNull ? null : (Integer) ids[i]);
                longs.add(asNull ? null : (Long) (long) ids[i]);
            }
            List<List<Integer>> nested = new ArrayList<>();
            for (int i = 0; i < ids.length; i += TOPK) {
                nested.add(ints.subList(i, i + TOPK));
            }
            rows.add(RowFactory.create(
                    id, layer(id), name, bytes, shorts, ints, longs, nested, PackedIds.pack(ids, id)));
        }
        return rows;
    }
}

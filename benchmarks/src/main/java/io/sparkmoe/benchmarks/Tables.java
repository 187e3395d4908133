package io.sparkmoe.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.SplittableRandom;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The benchmark's tables, made once: expert ids of 256 experts, uniform, in rows of a given length, with a layer column
 * (32 layers in turn); the same ids as lists of int and as packed binary.
 */
final class Tables {
    static final int EXPERTS = 256;
    static final int LAYERS = 32;

    private Tables() {}

    /** Makes a table of lists in one file unless it is there; returns its folder. */
    static Path lists(SparkSession spark, Path folder, long rows, int length) {
        return lists(spark, folder, rows, length, 1);
    }

    /** The same in several files, for as many tasks. */
    static Path lists(SparkSession spark, Path folder, long rows, int length, int files) {
        Path out = folder.resolve("lists-" + length + "-" + rows + "-" + files);
        if (!Files.exists(out.resolve("_SUCCESS"))) {
            StructType schema = new StructType()
                    .add("id", DataTypes.LongType, false)
                    .add("layer", DataTypes.IntegerType, false)
                    .add("topk_ids", DataTypes.createArrayType(DataTypes.IntegerType, false), false);
            Dataset<Row> table = spark.range(0, rows, 1, files)
                    .mapPartitions((MapPartitionsFunction<Long, Row>) ids -> routed(ids, length), Encoders.row(schema));
            table.write().mode(SaveMode.Overwrite).parquet(out.toString());
        }
        return out;
    }

    private static Iterator<Row> routed(Iterator<Long> rowIds, int length) {
        SplittableRandom random = new SplittableRandom(7 + TaskContext.getPartitionId());
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rowIds.hasNext();
            }

            @Override
            public Row next() {
                long id = rowIds.next();
                int[] ids = new int[length];
                for (int i = 0; i < length; i++) {
                    ids[i] = random.nextInt(EXPERTS);
                }
                return RowFactory.create(id, (int) (id % LAYERS), ids);
            }
        };
    }

    /** The packed twin of a table of lists. */
    static Path packed(SparkSession spark, Path lists) {
        Path out = lists.resolveSibling(lists.getFileName() + "-packed");
        if (!Files.exists(out.resolve("_SUCCESS"))) {
            spark.read()
                    .parquet(lists.toString())
                    .selectExpr("id", "layer", "moe_pack_ids(topk_ids) topk_ids")
                    .write()
                    .mode(SaveMode.Overwrite)
                    .parquet(out.toString());
        }
        return out;
    }
}

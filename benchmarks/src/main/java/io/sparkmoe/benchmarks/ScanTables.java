package io.sparkmoe.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.SplittableRandom;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Tables of id lists in one Parquet file each, made once: fixed lengths, lengths of 1 to 11, and the latter with NULL rows
 * (3 %), empty rows (3 %) and NULL ids (4 %).
 */
enum ScanTables {
    FLAME(6, 64, false),
    EIGHT(8, 256, false),
    LONG(8192, 256, false),
    KIMI(8, 384, false),
    VARIABLE(0, 256, false),
    NULLS(0, 255, true);

    private final int length;
    private final int experts;
    private final boolean nulls;

    ScanTables(int length, int experts, boolean nulls) {
        this.length = length;
        this.experts = experts;
        this.nulls = nulls;
    }

    String title() {
        return (length > 0 ? "rows of " + length : "rows of 1 to 11") + " ids of " + experts
                + (nulls ? ", with NULLs" : "");
    }

    int experts() {
        return experts;
    }

    /** The table's one file. */
    Path file(SparkSession spark, Path folder, long ids, String codec) throws Exception {
        Path out = folder.resolve("scan-" + this + "-" + ids + "-" + codec);
        if (!Files.exists(out.resolve("_SUCCESS"))) {
            StructType schema = new StructType()
                    .add("layer", DataTypes.IntegerType, false)
                    .add("topk_ids", DataTypes.createArrayType(DataTypes.IntegerType, true), true);
            spark.range(0, ids / (length > 0 ? length : 6), 1, 1)
                    .mapPartitions((MapPartitionsFunction<Long, Row>) this::rows, Encoders.row(schema))
                    .write()
                    .option("compression", codec)
                    .mode(SaveMode.Overwrite)
                    .parquet(out.toString());
        }
        try (var files = Files.list(out)) {
            return files.filter(f -> f.toString().endsWith(".parquet"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private Iterator<Row> rows(Iterator<Long> numbers) {
        SplittableRandom random = new SplittableRandom(7);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return numbers.hasNext();
            }

            @Override
            public Row next() {
                return RowFactory.create((int) (numbers.next() % 32), row(random));
            }
        };
    }

    private Integer[] row(SplittableRandom random) {
        int kind = nulls ? random.nextInt(100) : 99;
        if (kind < 3) {
            return null;
        }
        Integer[] ids = new Integer[kind < 6 ? 0 : length > 0 ? length : random.nextInt(1, 12)];
        Arrays.setAll(ids, i -> nulls && random.nextInt(100) < 4 ? null : (Integer) random.nextInt(experts));
        return ids;
    }
}

package io.sparkmoe.spark.jobs.parquet;

import io.sparkmoe.spark.trace.TraceSchema;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.mapreduce.Job;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.StructType;

/**
 * Spark's Parquet writer with the trace table's footer keys. Use it by its class name:
 * {@code write().format(TraceParquetFormat.class.getName()).options(...).save(folder)}.
 */
public final class TraceParquetFormat extends ParquetFileFormat {
    private static final long serialVersionUID = 1L;

    /** Footer key: {@link #WHOLE} promises that the layers of a token block stand together in one row group. */
    public static final String BLOCKS_KEY = TraceSchema.VERSION_KEY.replace("version", "blocks");

    public static final String WHOLE = "whole";

    private static final String ROW_LIMIT = "parquet.block.row.count.limit";
    private static final long GROUP_BYTES = 64L << 20;
    private static final long MOST_GROUP_BYTES = 512L << 20;

    /**
     * Writer options under which token blocks of {@code layers} rows are never split across row groups: the groups end by
     * number of rows. Empty where this Parquet cannot limit rows; the footer then promises nothing.
     *
     * @param rowBytes mean bytes of a row
     */
    public static Map<String, String> wholeBlocks(int layers, double rowBytes) {
        Map<String, String> options = new LinkedHashMap<>();
        boolean limits = Arrays.stream(ParquetOutputFormat.class.getFields())
                .anyMatch(f -> f.getName().equals("BLOCK_ROW_COUNT_LIMIT"));
        if (limits) {
            long blocks = Math.max(1, (long) (GROUP_BYTES / Math.max(1, rowBytes) / layers));
            options.put(
                    ROW_LIMIT, String.valueOf(Math.min(blocks * layers, Integer.MAX_VALUE / layers * (long) layers)));
            options.put(ParquetOutputFormat.BLOCK_SIZE, String.valueOf(MOST_GROUP_BYTES));
            options.put(BLOCKS_KEY, WHOLE);
        }
        return options;
    }

    @Override
    public OutputWriterFactory prepareWrite(
            SparkSession spark, Job job, scala.collection.immutable.Map<String, String> options, StructType schema) {
        OutputWriterFactory factory = super.prepareWrite(spark, job, options, schema);
        ParquetOutputFormat.setWriteSupportClass(job, TraceWriteSupport.class);
        return factory;
    }
}

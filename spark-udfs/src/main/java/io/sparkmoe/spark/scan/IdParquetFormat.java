package io.sparkmoe.spark.scan;

import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.execution.datasources.parquet.ParquetUtils;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;

/**
 * Spark's Parquet format, but for some id columns, which are decoded here. Listing, splits, pruning, filters and every
 * other column stay Spark's; a split whose ids cannot be decoded is read by Spark altogether.
 */
public final class IdParquetFormat extends ParquetFileFormat {
    private static final long serialVersionUID = 1L;

    private final TreeSet<String> columns;
    private final ScanMetrics metrics;

    /** @param columns names of top-level columns, lists of tinyint, smallint or int */
    public IdParquetFormat(Set<String> columns, ScanMetrics metrics) {
        this.columns = new TreeSet<>(columns);
        this.metrics = metrics;
    }

    /** Whether columns of a type can be id columns. */
    public static boolean takes(DataType type) {
        return IdSplit.isIds(type);
    }

    /** What the scan did, for the nodes above it to show. */
    public ScanMetrics metrics() {
        return metrics;
    }

    /** The vectors of a batch are of no one class: ids are ours, and a split may be Spark's altogether. */
    @Override
    public Option<Seq<String>> vectorTypes(StructType required, StructType partition, SQLConf conf) {
        return Option.empty();
    }

    @Override
    public Function1<PartitionedFile, Iterator<InternalRow>> buildReaderWithPartitionValues(
            SparkSession session,
            StructType data,
            StructType partition,
            StructType required,
            Seq<Filter> filters,
            Map<String, String> options,
            Configuration conf) {
        Function1<PartitionedFile, Iterator<InternalRow>> whole =
                super.buildReaderWithPartitionValues(session, data, partition, required, filters, options, conf);
        ReadColumns read = ReadColumns.of(required, partition.length(), columns, !filters.isEmpty());
        Option<String> batches = options.get(FileFormat.OPTION_RETURNING_BATCH());
        if (read.ids().length() == 0 || !batches.contains("true") || ParquetUtils.hasFieldIds(required)) {
            return whole;
        }
        // The parent writes the columns wanted into the configuration that it ships.
        Function1<PartitionedFile, Iterator<InternalRow>> others = read.idsAlone()
                ? null
                : super.buildReaderWithPartitionValues(
                        session, data, partition, read.others(), filters, options, new Configuration(conf));
        IdFiles files = new IdFiles(
                read,
                SQLConf.get().caseSensitiveAnalysis(),
                metrics,
                JavaSparkContext.fromSparkContext(session.sparkContext())
                        .broadcast(new SerializableConfiguration(conf)));
        return new IdReader(whole, others, files);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IdParquetFormat that && columns.equals(that.columns);
    }

    @Override
    public int hashCode() {
        return Objects.hash(IdParquetFormat.class, columns);
    }

    @Override
    public String toString() {
        return "Parquet, ids of " + columns + " by Spark MoE";
    }
}

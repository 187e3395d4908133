package io.sparkmoe.spark.trace;

import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.paths.SparkPath;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.execution.datasources.v2.parquet.ParquetScanBuilder;
import org.apache.spark.sql.execution.datasources.v2.parquet.ParquetTable;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** Spark's vectorised Parquet reader over row groups that we choose, its columns given and not inferred. */
final class ParquetRows {
    /** Rows of a batch: short lists decode faster in larger batches than Spark's 4,096 rows. */
    private static final String BATCH_ROWS = "16384";

    private ParquetRows() {}

    /** Readers of the given columns for {@code FilePartition}s; every failure is one, whatever the session ignores. */
    static PartitionReaderFactory factory(String anyFile, StructType columns) {
        SparkSession own = ((SparkSession) org.apache.spark.sql.SparkSession.active()).cloneSession();
        own.conf().set(SQLConf.PARQUET_VECTORIZED_READER_ENABLED().key(), "true");
        own.conf().set(SQLConf.PARQUET_VECTORIZED_READER_NESTED_COLUMN_ENABLED().key(), "true");
        own.conf().set(SQLConf.PARQUET_VECTORIZED_READER_BATCH_SIZE().key(), BATCH_ROWS);
        own.conf().set(SQLConf.COLUMN_VECTOR_OFFHEAP_ENABLED().key(), "false");
        CaseInsensitiveStringMap options =
                new CaseInsensitiveStringMap(Map.of("ignoreCorruptFiles", "false", "ignoreMissingFiles", "false"));
        ParquetTable table = new ParquetTable(
                TraceSource.NAME,
                own,
                options,
                CollectionConverters.asScala(List.of(anyFile)).toSeq(),
                Option.apply(columns),
                ParquetFileFormat.class);
        ParquetScanBuilder builder = table.newScanBuilder(options);
        builder.pruneColumns(columns);
        return builder.build().toBatch().createReaderFactory();
    }

    /** A byte range that holds whole row groups. */
    static PartitionedFile part(String file, long start, long end, long fileBytes) {
        return new PartitionedFile(
                InternalRow.empty(),
                SparkPath.fromPath(new Path(file)),
                start,
                end - start,
                new String[0],
                0,
                fileBytes,
                scala.collection.immutable.Map$.MODULE$.empty());
    }
}

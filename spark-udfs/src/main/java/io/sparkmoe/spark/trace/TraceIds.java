package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.scan.IdFiles;
import io.sparkmoe.spark.scan.ScanMetrics;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * The decoder's part in the scan of a Parquet trace table.
 *
 * @param others Spark's scan of the other columns, with the row index where filters are pushed
 */
record TraceIds(Scan others, ScanMetrics metrics) {
    /** What reads splits on the executors. */
    Readers readers(StructType all) {
        SparkSession session = (SparkSession) org.apache.spark.sql.SparkSession.active();
        return new Readers(
                others.toBatch().createReaderFactory(),
                IdFiles.of(
                        all,
                        others.readSchema(),
                        TraceSchema.TOPK_IDS,
                        SQLConf.get().caseSensitiveAnalysis(),
                        metrics,
                        JavaSparkContext.fromSparkContext(session.sparkContext())
                                .broadcast(new SerializableConfiguration(SglangScan.hadoopConf()))));
    }

    /** Readers of one split each. */
    record Readers(PartitionReaderFactory others, IdFiles files) implements Serializable {
        private static final long serialVersionUID = 1L;

        /** The batches of a split; null where Spark's scan of all columns has to read it. */
        @Nullable
        Iterator<ColumnarBatch> open(PartitionedFile file) {
            return files.open(
                    file,
                    () -> new Batches(others.createColumnarReader(new FilePartition(0, new PartitionedFile[] {file}))));
        }
    }

    /** A partition reader as an iterator; closed at its end, and by Spark's own listener when the task ends before. */
    private static final class Batches implements Iterator<ColumnarBatch> {
        private final PartitionReader<ColumnarBatch> reader;
        private boolean known;
        private boolean more;

        Batches(PartitionReader<ColumnarBatch> reader) {
            this.reader = reader;
        }

        @Override
        public boolean hasNext() {
            if (!known) {
                try {
                    more = reader.next();
                    known = true;
                    if (!more) {
                        reader.close();
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            return more;
        }

        @Override
        public ColumnarBatch next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            known = false;
            return reader.get();
        }
    }
}

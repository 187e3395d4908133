package io.sparkmoe.spark.trace;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.Iterator;
import org.apache.hadoop.fs.Path;
import org.apache.spark.rdd.InputFileBlockHolder;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.execution.RowToColumnConverter;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.vectorized.OnHeapColumnVector;
import org.apache.spark.sql.execution.vectorized.WritableColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/** Readers of the trace table over those of Spark's Parquet scan. */
record ParquetTraceReaderFactory(
        PartitionReaderFactory parquet,
        ParquetProjection projection,
        TraceIds.@Nullable Readers ids,
        SerializableConfiguration conf)
        implements PartitionReaderFactory {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean supportColumnarReads(InputPartition partition) {
        return true;
    }

    @Override
    public PartitionReader<InternalRow> createReader(InputPartition partition) {
        throw new UnsupportedOperationException("moe_trace reads columnar batches");
    }

    @Override
    public PartitionReader<ColumnarBatch> createColumnarReader(InputPartition partition) {
        try {
            checkVersions((FilePartition) partition);
        } catch (IOException e) {
            throw new TraceFormatException("The footer of a Parquet file cannot be read: " + e.getMessage(), e);
        }
        if (ids != null && parquet.supportColumnarReads(partition)) {
            return new Decoded((FilePartition) partition);
        }
        return new Projected(
                parquet.supportColumnarReads(partition)
                        ? parquet.createColumnarReader(partition)
                        : new Rows(parquet.createReader(partition), projection));
    }

    private void checkVersions(FilePartition partition) throws IOException {
        String[] files = Arrays.stream(partition.files())
                .map(PartitionedFile::urlEncodedPath)
                .distinct()
                .toArray(String[]::new);
        for (String file : files) {
            TraceVersion.check(path(file), conf.value());
        }
    }

    private static String path(String urlEncoded) {
        return new Path(URI.create(urlEncoded)).toString();
    }

    private final class Projected implements PartitionReader<ColumnarBatch> {
        private final PartitionReader<ColumnarBatch> batches;

        Projected(PartitionReader<ColumnarBatch> batches) {
            this.batches = batches;
        }

        @Override
        public boolean next() throws IOException {
            return batches.next();
        }

        @Override
        public ColumnarBatch get() {
            return projection.apply(
                    batches.get(), path(InputFileBlockHolder.getInputFilePath().toString()));
        }

        @Override
        public void close() throws IOException {
            batches.close();
        }
    }

    /** The splits of a partition one by one: those whose ids can be decoded, and those left to Spark's scan. */
    private final class Decoded implements PartitionReader<ColumnarBatch> {
        private final PartitionedFile[] files;
        private int next;
        private @Nullable Iterator<ColumnarBatch> batches;
        private @Nullable PartitionReader<ColumnarBatch> left;

        Decoded(FilePartition partition) {
            this.files = partition.files();
        }

        @Override
        public boolean next() throws IOException {
            while (batches == null ? left == null || !left.next() : !batches.hasNext()) {
                close();
                if (next == files.length) {
                    return false;
                }
                open(files[next++]);
            }
            return true;
        }

        private void open(PartitionedFile file) {
            InputFileBlockHolder.set(file.urlEncodedPath(), file.start(), file.length());
            batches = ids.open(file);
            if (batches == null) {
                left = parquet.createColumnarReader(new FilePartition(0, new PartitionedFile[] {file}));
            }
        }

        @Override
        public ColumnarBatch get() {
            return projection.apply(
                    batches == null ? left.get() : batches.next(), path(files[next - 1].urlEncodedPath()));
        }

        @Override
        public void close() throws IOException {
            batches = null;
            if (left != null) {
                left.close();
                left = null;
            }
        }
    }

    /** Batches of one row out of Spark's row reader, for sessions that have switched the vectorised one off. */
    private static final class Rows implements PartitionReader<ColumnarBatch> {
        private final PartitionReader<InternalRow> rows;
        private final RowToColumnConverter converter;
        private final WritableColumnVector[] vectors;

        Rows(PartitionReader<InternalRow> rows, ParquetProjection projection) {
            this.rows = rows;
            this.converter = new RowToColumnConverter(projection.read());
            this.vectors = OnHeapColumnVector.allocateColumns(1, projection.read());
        }

        @Override
        public boolean next() throws IOException {
            return rows.next();
        }

        @Override
        public ColumnarBatch get() {
            for (WritableColumnVector vector : vectors) {
                vector.reset();
            }
            converter.convert(rows.get(), vectors);
            return new ColumnarBatch(vectors, 1);
        }

        @Override
        public void close() throws IOException {
            rows.close();
        }
    }
}

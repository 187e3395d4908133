package io.sparkmoe.spark.flame;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ColumnWriter;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.schema.MessageType;

/** A Parquet file written column by column: snappy, dictionaries, v1 pages, row groups of a given number of rows. */
final class TokenRowsFile implements Closeable {
    private static final int PAGE_BYTES = 1 << 20;

    /** Writes the values of rows [from, to) of a row group's columns. */
    interface RowGroup {
        void write(ColumnWriteStore columns, long from, long to);
    }

    private final MessageType schema;
    private final ParquetFileWriter writer;
    private final CodecFactory codecs = new CodecFactory(new Configuration(false), PAGE_BYTES);
    private final ParquetProperties properties = ParquetProperties.builder()
            .withPageSize(PAGE_BYTES)
            .withDictionaryPageSize(PAGE_BYTES)
            .withPageRowCountLimit(Integer.MAX_VALUE)
            .build();

    TokenRowsFile(Path file, MessageType schema) throws IOException {
        Files.createDirectories(file.getParent());
        this.schema = schema;
        this.writer = new ParquetFileWriter(
                HadoopOutputFile.fromPath(new org.apache.hadoop.fs.Path(file.toUri()), new Configuration(false)),
                schema,
                ParquetFileWriter.Mode.OVERWRITE,
                Long.MAX_VALUE,
                0,
                ParquetProperties.DEFAULT_COLUMN_INDEX_TRUNCATE_LENGTH,
                ParquetProperties.DEFAULT_STATISTICS_TRUNCATE_LENGTH,
                false);
        writer.start();
    }

    /** Writes all rows, in row groups. */
    void write(long rows, int rowsAGroup, RowGroup group) throws IOException {
        for (long from = 0; from < rows; from += rowsAGroup) {
            long to = Math.min(rows, from + rowsAGroup);
            BytesInputCompressor snappy = codecs.getCompressor(CompressionCodecName.SNAPPY);
            ColumnChunkPageWriteStore pages =
                    new ColumnChunkPageWriteStore(snappy, schema, new HeapByteBufferAllocator(), 64);
            ColumnWriteStore columns = properties.newColumnWriteStore(schema, pages);
            group.write(columns, from, to);
            columns.flush();
            writer.startBlock(to - from);
            pages.flushToFileWriter(writer);
            writer.endBlock();
            columns.close();
            pages.close();
        }
    }

    static ColumnWriter writer(ColumnWriteStore columns, MessageType schema, int column) {
        ColumnDescriptor descriptor = schema.getColumns().get(column);
        return columns.getColumnWriter(descriptor);
    }

    @Override
    public void close() throws IOException {
        writer.end(Map.of());
        codecs.release();
    }
}

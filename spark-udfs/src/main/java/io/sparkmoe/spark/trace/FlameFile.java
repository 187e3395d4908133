package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.InputFiles.InputFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;

/**
 * What the footer of a Parquet file of token rows says.
 *
 * @param rows all rows, one a token
 */
record FlameFile(InputFile file, MessageType schema, long rows, List<Group> groups) {
    /**
     * A row group.
     *
     * @param start offset of its first byte in the file
     * @param columnBytes compressed bytes by top-level column
     * @param columnValues values by top-level column, NULLs counted
     */
    record Group(
            long firstRow,
            long rows,
            long start,
            long bytes,
            Map<String, Long> columnBytes,
            Map<String, Long> columnValues) {
        long end() {
            return start + bytes;
        }

        long endRow() {
            return firstRow + rows;
        }

        long bytesOf(List<String> columns) {
            return columns.stream()
                    .mapToLong(c -> columnBytes.getOrDefault(c, 0L))
                    .sum();
        }
    }

    /**
     * Reads a footer.
     *
     * @throws BadRecord.Found when the file is none of Parquet's; any other failure is the file system's
     */
    static FlameFile read(InputFile file, Configuration conf) throws IOException, BadRecord.Found {
        try (ParquetFileReader reader = ParquetFileReader.open(HadoopInputFile.fromPath(new Path(file.path()), conf))) {
            return of(file, reader.getFooter());
        } catch (RuntimeException e) {
            // Parquet's reader says this by the message alone.
            if (String.valueOf(e.getMessage()).contains("is not a Parquet file")) {
                throw new BadRecord.Found(
                        BadReason.NOT_PARQUET, -1, file.bytes() + " bytes", "Parquet", "the file is not Parquet");
            }
            throw e;
        }
    }

    private static FlameFile of(InputFile file, ParquetMetadata footer) {
        List<Group> groups = new ArrayList<>();
        long rows = 0;
        for (BlockMetaData block : footer.getBlocks()) {
            Map<String, Long> bytes = new HashMap<>();
            Map<String, Long> values = new HashMap<>();
            for (ColumnChunkMetaData chunk : block.getColumns()) {
                String column = chunk.getPath().toArray()[0];
                bytes.merge(column, chunk.getTotalSize(), Long::sum);
                values.merge(column, chunk.getValueCount(), Long::sum);
            }
            if (block.getRowCount() > 0) {
                groups.add(new Group(
                        rows, block.getRowCount(), block.getStartingPos(), block.getCompressedSize(), bytes, values));
            }
            rows += block.getRowCount();
        }
        return new FlameFile(file, footer.getFileMetaData().getSchema(), rows, List.copyOf(groups));
    }

    /** Values of a column, NULLs counted. */
    long values(String column) {
        return groups.stream()
                .mapToLong(g -> g.columnValues().getOrDefault(column, 0L))
                .sum();
    }

    /** The row groups that hold rows of [first, end). */
    List<Group> overlapping(long first, long end) {
        return groups.stream()
                .filter(g -> g.firstRow() < end && g.endRow() > first)
                .toList();
    }
}

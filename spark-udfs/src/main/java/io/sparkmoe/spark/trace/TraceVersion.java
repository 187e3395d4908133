package io.sparkmoe.spark.trace;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;

/** What the footer of a Parquet trace table says. */
final class TraceVersion {
    private TraceVersion() {}

    /**
     * Refuses a file of a later version of the trace table; files without a version are partial tables from elsewhere.
     *
     * @throws TraceFormatException naming the file, its version and the one known here
     */
    static void check(String file, Configuration conf) throws IOException {
        ParquetReadOptions keysOnly = HadoopReadOptions.builder(conf)
                .withMetadataFilter(ParquetMetadataConverter.SKIP_ROW_GROUPS)
                .build();
        String version = footer(file, conf, keysOnly)
                .getFileMetaData()
                .getKeyValueMetaData()
                .get(TraceSchema.VERSION_KEY);
        if (version != null && !version.equals(Integer.toString(TraceSchema.VERSION))) {
            throw new TraceFormatException(
                    file + ": " + TraceSchema.VERSION_KEY + " = " + version
                            + "; allowed: 1, or no such key. Read it with the version of Spark MoE that wrote it, or a later one.");
        }
    }

    /** Mean number of ids in a row, from the column chunks' value counts; 0 for a file without rows. */
    static long idsPerRow(String file, Configuration conf) throws IOException {
        long rows = 0;
        long ids = 0;
        for (BlockMetaData block :
                footer(file, conf, HadoopReadOptions.builder(conf).build()).getBlocks()) {
            rows += block.getRowCount();
            for (ColumnChunkMetaData chunk : block.getColumns()) {
                ids += chunk.getPath().toArray()[0].equals(TraceSchema.TOPK_IDS) ? chunk.getValueCount() : 0;
            }
        }
        return rows == 0 ? 0 : ids / rows;
    }

    private static ParquetMetadata footer(String file, Configuration conf, ParquetReadOptions options)
            throws IOException {
        try (ParquetFileReader reader =
                ParquetFileReader.open(HadoopInputFile.fromPath(new Path(file), conf), options)) {
            return reader.getFooter();
        }
    }
}

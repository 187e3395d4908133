package io.sparkmoe.spark.scan;

import io.sparkmoe.spark.scan.decode.IdColumn;
import io.sparkmoe.spark.scan.decode.IdColumnDecoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The row groups of one split of a file whose id columns can be decoded.
 *
 * @param blocks those whose midpoint lies in the split, in the file's order
 */
record IdSplit(HadoopInputFile file, List<IdColumn> columns, List<BlockMetaData> blocks, boolean verifyCrc) {
    private static final Logger LOG = LoggerFactory.getLogger(IdSplit.class);

    /** A split, or why it is left to Spark's reader. */
    record Opened(IdSplit split, ScanFallback reason) {
        static Opened not(ScanFallback reason, PartitionedFile file, Object detail) {
            LOG.info("Spark's reader reads {}: {} ({})", file, reason.label(), detail);
            return new Opened(null, reason);
        }
    }

    /** Whether a column may be an id column: a list of tinyint, smallint or int. */
    static boolean isIds(DataType type) {
        return type instanceof ArrayType list && bits(list.elementType()) > 0;
    }

    /** Reads the footer of a split and looks at everything that tells whether its id columns can be decoded. */
    static Opened open(PartitionedFile split, StructType ids, boolean caseSensitive, Configuration conf) {
        HadoopInputFile file;
        ParquetMetadata footer;
        ParquetReadOptions options;
        try {
            Path path = split.toPath();
            file = HadoopInputFile.fromPath(path, conf);
            options = HadoopReadOptions.builder(conf, path)
                    .withRange(split.start(), split.start() + split.length())
                    .build();
            try (ParquetFileReader reader = ParquetFileReader.open(file, options)) {
                footer = reader.getFooter();
            }
        } catch (IOException | RuntimeException e) {
            // Spark's reader meets the same, and reports or ignores it as its settings say.
            return Opened.not(ScanFallback.FOOTER, split, e);
        }
        List<IdColumn> columns = new ArrayList<>();
        for (StructField field : ids.fields()) {
            IdColumn.Found found = IdColumn.find(footer.getFileMetaData().getSchema(), field.name(), caseSensitive);
            if (found.column() == null || !declared(found.column(), field.dataType())) {
                return Opened.not(ScanFallback.SCHEMA, split, field.name() + " " + found);
            }
            for (BlockMetaData block : footer.getBlocks()) {
                String why = IdColumnDecoder.unsupported(chunk(block, found.column()));
                if (why != null) {
                    return Opened.not(ScanFallback.ENCODING, split, field.name() + ": " + why);
                }
            }
            columns.add(found.column());
        }
        return new Opened(new IdSplit(file, columns, footer.getBlocks(), options.usePageChecksumVerification()), null);
    }

    static ColumnChunkMetaData chunk(BlockMetaData block, IdColumn column) {
        for (ColumnChunkMetaData chunk : block.getColumns()) {
            if (Arrays.equals(chunk.getPath().toArray(), column.path())) {
                return chunk;
            }
        }
        throw new IllegalStateException("the row group lacks the column " + column.name() + " of its schema");
    }

    private static boolean declared(IdColumn column, DataType type) {
        int stored = column.signed() ? column.bits() : 2 * column.bits();
        return stored == bits(((ArrayType) type).elementType());
    }

    private static int bits(DataType element) {
        return element instanceof ByteType
                ? 8
                : element instanceof ShortType ? 16 : element instanceof IntegerType ? 32 : 0;
    }
}

package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.InputFiles.InputFile;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.Statistics;
import org.apache.spark.sql.connector.read.SupportsReportStatistics;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A scan of SGLang responses: the columns and layers asked for.
 *
 * @param layers the layers to emit, ascending
 */
record SglangScan(
        StructType readSchema, TraceOptions options, ModelFacts facts, LayerList layers, List<InputFile> files)
        implements Scan, Batch, SupportsReportStatistics, java.io.Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public Batch toBatch() {
        return this;
    }

    @Override
    public String description() {
        return "moe_trace sglang " + options.paths() + " layers " + layers + " columns "
                + Arrays.toString(readSchema.fieldNames());
    }

    @Override
    public Statistics estimateStatistics() {
        long bytes = files.stream().mapToLong(InputFile::bytes).sum();
        return new Statistics() {
            @Override
            public OptionalLong sizeInBytes() {
                return OptionalLong.of(bytes);
            }

            @Override
            public OptionalLong numRows() {
                return OptionalLong.empty();
            }
        };
    }

    @Override
    public InputPartition[] planInputPartitions() {
        SparkSession session = (SparkSession) org.apache.spark.sql.SparkSession.active();
        SQLConf sql = session.sessionState().conf();
        long openCost = sql.filesOpenCostInBytes();
        long split = SlicePlanner.splitBytes(
                files,
                sql.filesMaxPartitionBytes(),
                openCost,
                session.sparkContext().defaultParallelism());
        boolean mayCut = facts.moeLayers() != null || facts.requireTopk() == 1;
        return new SlicePlanner(hadoopConf(), mayCut, split, openCost).plan(files);
    }

    static Configuration hadoopConf() {
        return ((SparkSession) org.apache.spark.sql.SparkSession.active())
                .sessionState()
                .newHadoopConf();
    }

    @Override
    public PartitionReaderFactory createReaderFactory() {
        // The readers need no list of all files.
        SglangScan shipped = new SglangScan(readSchema, options, facts, layers, List.of());
        return new Factory(shipped, new SerializableConfiguration(hadoopConf()));
    }

    private record Factory(SglangScan scan, SerializableConfiguration conf) implements PartitionReaderFactory {
        private static final long serialVersionUID = 1L;

        @Override
        public boolean supportColumnarReads(InputPartition partition) {
            return true;
        }

        @Override
        public PartitionReader<ColumnarBatch> createColumnarReader(InputPartition partition) {
            return new SglangPartitionReader((SlicePartition) partition, scan, conf.value());
        }

        @Override
        public PartitionReader<InternalRow> createReader(InputPartition partition) {
            throw new UnsupportedOperationException("moe_trace reads columnar batches");
        }
    }
}

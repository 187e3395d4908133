package io.sparkmoe.spark.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
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
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.jspecify.annotations.Nullable;

/**
 * A scan of a recording in the layout of FLAME-MoE-Traces; equal scans are shared.
 *
 * @param layerFilters filters on the layer: files of other layers are not read
 * @param samples the token ids, or null without {@code tokenIds}; they are checked whatever columns are read, so that
 *     the rows do not hang on them
 */
record FlameScan(
        StructType readSchema,
        TraceOptions options,
        ModelFacts facts,
        List<Filter> layerFilters,
        List<FlameRecording.Iteration> iterations,
        @Nullable FlameSamples samples)
        implements Scan, Batch, SupportsReportStatistics {

    @Override
    public Batch toBatch() {
        return this;
    }

    @Override
    public String description() {
        return "moe_trace flame " + options.paths() + " iterations "
                + iterations.stream().map(FlameRecording.Iteration::number).toList() + " layers " + layers()
                + " columns " + Arrays.toString(readSchema.fieldNames()) + " from " + layerColumns();
    }

    private LayerList layers() {
        LayerFilter filter = filter();
        return LayerList.of(iterations.stream()
                .flatMap(i -> i.layers().keySet().stream())
                .filter(filter::test)
                .mapToInt(Integer::intValue)
                .toArray());
    }

    private LayerFilter filter() {
        return new LayerFilter(layerFilters.toArray(Filter[]::new));
    }

    /**
     * The columns of the layer files that are read. A block is bad by its ids, so that weights and {@code bad} need them:
     * which blocks are bad does not hang on what else is asked for.
     */
    List<String> layerColumns() {
        List<String> wanted = Arrays.asList(readSchema.fieldNames());
        List<String> out = new ArrayList<>();
        boolean weights = wanted.contains(TraceSchema.TOPK_WEIGHTS);
        if (weights || wanted.contains(TraceSchema.TOPK_IDS) || wanted.contains(TraceSchema.BAD)) {
            out.add(FlameColumns.INDICES);
        }
        if (weights) {
            out.add(FlameColumns.SCORES);
        }
        return out;
    }

    boolean wantsTokens() {
        return samples != null && Arrays.asList(readSchema.fieldNames()).contains(TraceSchema.TOKEN_IDS);
    }

    @Override
    public Statistics estimateStatistics() {
        LayerFilter filter = filter();
        long bytes = iterations.stream()
                .flatMap(i -> i.layers().entrySet().stream())
                .filter(e -> filter.test(e.getKey()))
                .mapToLong(e -> e.getValue().file().bytes())
                .sum();
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
        return new FlamePlanner(this, filter())
                .plan(
                        sql.filesMaxPartitionBytes(),
                        sql.filesOpenCostInBytes(),
                        session.sparkContext().defaultParallelism());
    }

    @Override
    public PartitionReaderFactory createReaderFactory() {
        List<String> columns = layerColumns();
        String first = iterations.stream()
                .flatMap(i -> i.layers().values().stream())
                .map(f -> f.file().path())
                .findFirst()
                .orElse(null);
        PartitionReaderFactory ofLayers = first == null || columns.isEmpty()
                ? null
                : ParquetRows.factory(first, select(FlameColumns.LAYER, columns));
        PartitionReaderFactory ofSamples = !wantsTokens() || samples.files().isEmpty()
                ? null
                : ParquetRows.factory(samples.files().get(0).file().path(), FlameColumns.SAMPLE);
        return new Factory(
                readSchema,
                facts,
                options.maxTokensPerRow(),
                options.markBad(),
                columns.contains(FlameColumns.SCORES),
                ofLayers,
                ofSamples);
    }

    private static StructType select(StructType from, List<String> columns) {
        StructType out = new StructType();
        for (String column : columns) {
            out = out.add(from.apply(column));
        }
        return out;
    }

    /** What the readers need. */
    record Factory(
            StructType schema,
            ModelFacts facts,
            int maxTokensPerRow,
            boolean markBad,
            boolean weights,
            @Nullable PartitionReaderFactory layers,
            @Nullable PartitionReaderFactory samples)
            implements PartitionReaderFactory {
        private static final long serialVersionUID = 1L;

        @Override
        public boolean supportColumnarReads(InputPartition partition) {
            return true;
        }

        @Override
        public PartitionReader<ColumnarBatch> createColumnarReader(InputPartition partition) {
            return new FlamePartitionReader((FlamePartition) partition, this);
        }

        @Override
        public PartitionReader<InternalRow> createReader(InputPartition partition) {
            throw new UnsupportedOperationException("moe_trace reads columnar batches");
        }
    }
}

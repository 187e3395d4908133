package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.scan.IdScan;
import java.util.Map;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.Statistics;
import org.apache.spark.sql.connector.read.SupportsReportStatistics;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * Spark's Parquet scan under a projection onto the trace table; equal scans are shared.
 *
 * @param ids what decodes the id lists; null where Spark's scan reads them too
 */
record ParquetTraceScan(
        Scan parquet,
        ParquetProjection projection,
        @Nullable TraceIds ids) implements Scan, Batch, SupportsReportStatistics, IdScan {
    @Override
    public Map<String, SQLMetric> idMetrics() {
        return ids == null ? Map.of() : ids.metrics().all();
    }

    @Override
    public StructType readSchema() {
        return projection.wanted();
    }

    @Override
    public Batch toBatch() {
        return this;
    }

    @Override
    public String description() {
        return "moe_trace trace layer filters " + projection.layerFilters()
                + (ids == null ? "" : " ids of topk_ids by Spark MoE") + " over " + parquet.description();
    }

    @Override
    public Statistics estimateStatistics() {
        return ((SupportsReportStatistics) parquet).estimateStatistics();
    }

    @Override
    public InputPartition[] planInputPartitions() {
        return parquet.toBatch().planInputPartitions();
    }

    @Override
    public PartitionReaderFactory createReaderFactory() {
        return new ParquetTraceReaderFactory(
                parquet.toBatch().createReaderFactory(),
                projection,
                ids == null ? null : ids.readers(parquet.readSchema()),
                new SerializableConfiguration(SglangScan.hadoopConf()));
    }
}

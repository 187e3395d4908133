package io.sparkmoe.spark.trace;

import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.Statistics;
import org.apache.spark.sql.connector.read.SupportsReportStatistics;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Spark's Parquet scan under a projection onto the trace table; equal scans are shared. */
record ParquetTraceScan(Scan parquet, ParquetProjection projection) implements Scan, Batch, SupportsReportStatistics {
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
        return "moe_trace trace layer filters " + projection.layerFilters() + " over " + parquet.description();
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
                new SerializableConfiguration(SglangScan.hadoopConf()));
    }
}

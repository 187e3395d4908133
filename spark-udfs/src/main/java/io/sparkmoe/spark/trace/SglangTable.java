package io.sparkmoe.spark.trace;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.SupportsPushDownFilters;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** SGLang responses as a trace table. */
final class SglangTable implements Table, SupportsRead {
    private final TraceOptions options;
    private final ModelFacts facts;

    SglangTable(TraceOptions options, Configuration conf) {
        this.options = options;
        this.facts = options.facts(conf);
        facts.requireTopk();
        facts.requireNumLayers();
    }

    @Override
    public String name() {
        return TraceSource.NAME + " sglang " + options.paths();
    }

    @Override
    @SuppressWarnings("deprecation") // Table.columns() builds on it; both have to work.
    public StructType schema() {
        return TraceSchema.of(TraceSchema.idsType(facts.requireNumExperts()));
    }

    @Override
    public Set<TableCapability> capabilities() {
        return EnumSet.of(TableCapability.BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap scanOptions) {
        return new Builder();
    }

    private final class Builder implements ScanBuilder, SupportsPushDownRequiredColumns, SupportsPushDownFilters {
        private StructType columns = schema();
        private LayerFilter filter = new LayerFilter();

        @Override
        public void pruneColumns(StructType required) {
            Set<String> names = Set.of(required.fieldNames());
            columns = new StructType(Arrays.stream(schema().fields())
                    .filter(f -> names.contains(f.name()))
                    .toArray(StructField[]::new));
        }

        @Override
        public Filter[] pushFilters(Filter[] filters) {
            filter = new LayerFilter(filters);
            return filter.left();
        }

        @Override
        public Filter[] pushedFilters() {
            return filter.taken();
        }

        @Override
        public Scan build() {
            LayerList layers = facts.moeLayers() != null ? facts.moeLayers() : LayerList.all(facts.requireNumLayers());
            return new SglangScan(
                    columns,
                    options,
                    facts,
                    filter.select(layers),
                    InputFiles.list(options.paths(), SglangScan.hadoopConf()));
        }
    }
}

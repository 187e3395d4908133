package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.InputFiles.InputFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.SupportsPushDownFilters;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.sources.EqualTo;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.sources.In;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.jspecify.annotations.Nullable;

/** Recordings in the layout of FLAME-MoE-Traces as a trace table. */
final class FlameTable implements Table, SupportsRead {
    /** Of every model published so far; options say otherwise. */
    private static final ModelFacts PUBLISHED = new ModelFacts(64, 6, null, null);

    private final TraceOptions options;
    private final ModelFacts facts;
    private final Configuration conf;
    private final FlameLayout layout;
    private @Nullable FlameRecording recording;
    private @Nullable FlameSamples samples;

    FlameTable(TraceOptions options, Configuration conf) {
        ModelFacts given = options.facts(conf);
        this.options = options;
        this.facts = new ModelFacts(
                Objects.requireNonNullElse(given.numExperts(), PUBLISHED.numExperts()),
                Objects.requireNonNullElse(given.topk(), PUBLISHED.topk()),
                given.numLayers(),
                given.moeLayers());
        this.conf = conf;
        List<InputFile> files = InputFiles.list(options.paths(), conf);
        this.layout = FlameLayout.of(files, options.paths());
        if (facts.moeLayers() != null) {
            layout.requireLayers(facts.moeLayers());
        }
    }

    @Override
    public String name() {
        return TraceSource.NAME + " flame " + options.paths();
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

    /** The footers, read once a table. */
    private synchronized FlameRecording recording() {
        if (recording == null) {
            recording = FlameRecording.read(layout, facts.requireTopk(), conf);
        }
        return recording;
    }

    private synchronized FlameSamples samples() {
        if (samples == null) {
            samples = FlameSamples.read(layout, conf);
        }
        return samples;
    }

    private final class Builder implements ScanBuilder, SupportsPushDownRequiredColumns, SupportsPushDownFilters {
        private StructType columns = schema();
        private LayerFilter filter = new LayerFilter();
        private Filter[] checkpoints = {};

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
            checkpoints = Arrays.stream(filter.left())
                    .filter(f -> checkpoints(f) != null)
                    .toArray(Filter[]::new);
            return filter.left();
        }

        @Override
        public Filter[] pushedFilters() {
            List<Filter> all = new ArrayList<>(Arrays.asList(filter.taken()));
            all.addAll(Arrays.asList(checkpoints));
            return all.toArray(Filter[]::new);
        }

        @Override
        public Scan build() {
            List<FlameRecording.Iteration> wanted = recording().iterations().stream()
                    .filter(i -> Arrays.stream(checkpoints)
                            .allMatch(f -> checkpoints(f).contains(Long.toString(i.number()))))
                    .toList();
            return new FlameScan(
                    columns, options, facts, List.of(filter.taken()), wanted, options.tokenIds() ? samples() : null);
        }

        /** The checkpoints that a filter lets through, or null where it is about something else; Spark filters again. */
        private static @Nullable List<Object> checkpoints(Filter filter) {
            if (!Arrays.asList(filter.references()).equals(List.of(TraceSchema.CHECKPOINT))) {
                return null;
            }
            return filter instanceof EqualTo f
                    ? List.of(f.value())
                    : filter instanceof In f ? Arrays.asList(f.values()) : null;
        }
    }
}

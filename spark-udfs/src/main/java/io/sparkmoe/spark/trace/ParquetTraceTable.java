package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.MoeConf;
import io.sparkmoe.spark.scan.IdParquetFormat;
import io.sparkmoe.spark.scan.ScanMetrics;
import io.sparkmoe.spark.trace.InputFiles.InputFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.SupportsPushDownFilters;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.execution.datasources.v2.parquet.ParquetScanBuilder;
import org.apache.spark.sql.execution.datasources.v2.parquet.ParquetTable;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** Parquet trace tables, whole or partial: Spark's own Parquet scan, and a projection onto the trace table. */
final class ParquetTraceTable implements Table, SupportsRead {
    private static final Logger LOG = LoggerFactory.getLogger(ParquetTraceTable.class);
    /** Ids of one Parquet batch, 4 bytes each; Spark's reader counts rows, whatever they weigh. */
    private static final long MAX_IDS_PER_BATCH = 4L << 20;

    private final TraceOptions options;
    private final ModelFacts facts;
    private final ParquetTable parquet;
    private final ParquetColumns columns;

    ParquetTraceTable(TraceOptions options, Map<String, String> properties, Configuration conf) {
        this.options = options;
        this.facts = options.facts(conf);
        InputFile first = InputFiles.list(options.paths(), conf).get(0);
        this.parquet = new ParquetTable(
                TraceSource.NAME,
                session(first.path(), conf),
                new CaseInsensitiveStringMap(properties),
                CollectionConverters.asScala(options.paths()).toSeq(),
                Option.empty(),
                ParquetFileFormat.class);
        this.columns = new ParquetColumns(parquet.schema(), facts);
    }

    /** The session, with smaller Parquet batches where rows are long. */
    private static SparkSession session(String file, Configuration conf) {
        SparkSession session = (SparkSession) org.apache.spark.sql.SparkSession.active();
        try {
            TraceVersion.check(file, conf);
            int usual = session.sessionState().conf().parquetVectorizedReaderBatchSize();
            long rows = Math.max(1, MAX_IDS_PER_BATCH / Math.max(1, TraceVersion.idsPerRow(file, conf)));
            if (rows >= usual) {
                return session;
            }
            String key = SQLConf.PARQUET_VECTORIZED_READER_BATCH_SIZE().key();
            LOG.info("The rows of {} are long: {} is {} for this scan instead of {}.", file, key, rows, usual);
            SparkSession own = session.cloneSession();
            own.conf().set(key, rows);
            return own;
        } catch (IOException | RuntimeException e) {
            if (e instanceof TraceFormatException known) {
                throw known;
            }
            throw new TraceFormatException(
                    file + ": cannot be read as Parquet: " + e.getMessage()
                            + ". Recorder trace reads Parquet files alone; " + "leave others out.",
                    e);
        }
    }

    @Override
    public String name() {
        return TraceSource.NAME + " trace " + options.paths();
    }

    @Override
    @SuppressWarnings("deprecation") // Table.columns() builds on it; both have to work.
    public StructType schema() {
        return columns.traceSchema();
    }

    @Override
    public Set<TableCapability> capabilities() {
        return EnumSet.of(TableCapability.BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap scanOptions) {
        return new Builder(parquet.newScanBuilder(scanOptions), parquet.newScanBuilder(scanOptions));
    }

    private final class Builder implements ScanBuilder, SupportsPushDownRequiredColumns, SupportsPushDownFilters {
        private final ParquetScanBuilder scan;
        private final ParquetScanBuilder others;
        private StructType wanted = schema();
        private Filter[] layerFilters = {};
        private Filter[] pushed = {};

        Builder(ParquetScanBuilder scan, ParquetScanBuilder others) {
            this.scan = scan;
            this.others = others;
        }

        @Override
        public void pruneColumns(StructType required) {
            Set<String> names = Set.of(required.fieldNames());
            wanted = new StructType(Arrays.stream(schema().fields())
                    .filter(f -> names.contains(f.name()))
                    .toArray(StructField[]::new));
        }

        @Override
        public Filter[] pushFilters(Filter[] filters) {
            Filter[] left = filters;
            if (columns.has(TraceSchema.BAD)) {
                LayerFilter layer = new LayerFilter(filters);
                layerFilters = layer.taken();
                left = layer.left();
            }
            List<Filter> toParquet = new ArrayList<>();
            for (Filter filter : left) {
                if (Arrays.stream(filter.references()).allMatch(columns::passesThrough)) {
                    toParquet.add(filter);
                }
            }
            Filter[] candidates = toParquet.toArray(Filter[]::new);
            // What Spark's builder is asked to skip by; it never skips a row that the filters keep.
            scan.pushedDataFilters_$eq(scan.pushDataFilters(candidates));
            others.pushedDataFilters_$eq(others.pushDataFilters(candidates));
            pushed = candidates;
            return left;
        }

        @Override
        public Filter[] pushedFilters() {
            List<Filter> all = new ArrayList<>(Arrays.asList(layerFilters));
            all.addAll(Arrays.asList(pushed));
            return all.toArray(Filter[]::new);
        }

        @Override
        public Scan build() {
            StructType needed = columns.needed(wanted, layerFilters.length > 0, options.tokenIds());
            scan.pruneColumns(needed);
            Scan inner = scan.build();
            return new ParquetTraceScan(
                    inner,
                    new ParquetProjection(columns, inner.readSchema(), wanted, facts, options, List.of(layerFilters)),
                    ids(needed));
        }

        /** The decoder for the id lists, where they are asked for and are lists; else null. */
        private @Nullable TraceIds ids(StructType needed) {
            boolean asked = Arrays.asList(needed.fieldNames()).contains(TraceSchema.TOPK_IDS)
                    && IdParquetFormat.takes(needed.apply(TraceSchema.TOPK_IDS).dataType());
            if (!asked || !MoeConf.scan(SQLConf.get()::getConfString)) {
                return null;
            }
            StructType rest = new StructType(Arrays.stream(needed.fields())
                    .filter(f -> !f.name().equals(TraceSchema.TOPK_IDS))
                    .toArray(StructField[]::new));
            // Where Spark may skip rows by the filters, rows are told by their number.
            others.pruneColumns(
                    pushed.length == 0
                            ? rest
                            : rest.add(ParquetFileFormat.ROW_INDEX_TEMPORARY_COLUMN_NAME(), DataTypes.LongType, true));
            SparkSession session = (SparkSession) org.apache.spark.sql.SparkSession.active();
            return new TraceIds(others.build(), new ScanMetrics(session.sparkContext()));
        }
    }
}

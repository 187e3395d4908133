package io.sparkmoe.spark.trace;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The data source {@code moe_trace}: recorded routing as one table, {@link TraceSchema}, whatever recorded it.
 *
 * <pre>{@code
 * spark.read().format("moe_trace").option("recorder", "sglang").option("modelConfig", "config.json").load("dump.jsonl")
 * }</pre>
 */
public final class TraceSource implements TableProvider, DataSourceRegister {
    /** The name to give to {@code format(...)} and {@code USING}. */
    public static final String NAME = "moe_trace";

    @Override
    public String shortName() {
        return NAME;
    }

    @Override
    @SuppressWarnings("deprecation") // The schema is what this method is for.
    public StructType inferSchema(CaseInsensitiveStringMap options) {
        return table(options.asCaseSensitiveMap()).schema();
    }

    @Override
    public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
        return table(properties);
    }

    private static Table table(Map<String, String> properties) {
        TraceOptions options = TraceOptions.of(properties);
        Configuration conf = SglangScan.hadoopConf();
        return switch (options.recorder()) {
            case TraceOptions.TRACE -> new ParquetTraceTable(options, properties, conf);
            case TraceOptions.FLAME -> new FlameTable(options, conf);
            default -> new SglangTable(options, conf);
        };
    }
}

package io.sparkmoe.spark.jobs.parquet;

import io.sparkmoe.spark.trace.TraceSchema;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;

/** Adds the trace table's keys to the footer that Spark writes. Parquet makes it by reflection. */
public final class TraceWriteSupport extends ParquetWriteSupport {
    @Override
    public WriteSupport.WriteContext init(Configuration conf) {
        WriteSupport.WriteContext context = super.init(conf);
        Map<String, String> footer = new HashMap<>(context.getExtraMetaData());
        footer.put(TraceSchema.VERSION_KEY, String.valueOf(TraceSchema.VERSION));
        String blocks = conf.get(TraceParquetFormat.BLOCKS_KEY);
        if (blocks != null) {
            footer.put(TraceParquetFormat.BLOCKS_KEY, blocks);
        }
        return new WriteSupport.WriteContext(context.getSchema(), footer);
    }
}

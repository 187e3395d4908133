package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.audit.AuditResult;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The audit as the public table (source, reason, records, tokens, ids). */
final class AuditTable {
    private static final StructType SCHEMA = new StructType()
            .add("source", DataTypes.StringType, false)
            .add("reason", DataTypes.StringType, false)
            .add("records", DataTypes.LongType, false)
            .add("tokens", DataTypes.LongType, false)
            .add("ids", DataTypes.LongType, false);

    private AuditTable() {}

    static Dataset<Row> of(SparkSession spark, AuditResult audit) {
        return of(spark, audit.lines());
    }

    static Dataset<Row> of(SparkSession spark, List<AuditResult.Line> lines) {
        List<Row> rows = lines.stream()
                .map(l -> RowFactory.create(
                        l.source(),
                        l.reason(),
                        l.tally().records(),
                        l.tally().tokens(),
                        l.tally().ids()))
                .toList();
        return spark.createDataFrame(rows, SCHEMA);
    }
}

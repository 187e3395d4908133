package io.sparkmoe.spark.jobs;

import io.sparkmoe.core.metrics.BalanceMetrics;
import io.sparkmoe.spark.report.ReportModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The report's tables, one file each: they hold aggregates and are small. */
final class ReportTables {
    private static final StructType LOAD = new StructType()
            .add("layer", DataTypes.IntegerType, false)
            .add("expert", DataTypes.IntegerType, false)
            .add("count", DataTypes.LongType, false)
            .add("share", DataTypes.DoubleType);

    private static final StructType PADDING = new StructType()
            .add("layer", DataTypes.IntegerType, false)
            .add("phase", DataTypes.StringType, false)
            .add("tokens_per_pass", DataTypes.IntegerType, false)
            .add("block_size", DataTypes.IntegerType, false)
            .add("passes", DataTypes.LongType, false)
            .add("blocks", DataTypes.LongType, false)
            .add("slots", DataTypes.LongType, false)
            .add("used", DataTypes.LongType, false);

    private final SparkSession spark;

    ReportTables(SparkSession spark) {
        this.spark = spark;
    }

    /** expert_load, of a report's layers. */
    Dataset<Row> expertLoad(List<ReportModel.Layer> layers) {
        return table(loadRows(layers), LOAD);
    }

    /** balance, of a report's layers. */
    Dataset<Row> balance(List<ReportModel.Layer> layers) {
        return table(balanceRows(layers), balanceSchema());
    }

    /** padding, of the layers. */
    Dataset<Row> padding(List<ReportModel.Padding> padding) {
        return table(paddingRows(padding), PADDING);
    }

    /** Rows that are few enough for one file. */
    Dataset<Row> table(List<Row> rows, StructType schema) {
        return spark.createDataFrame(rows, schema).coalesce(1);
    }

    private static List<Row> loadRows(List<ReportModel.Layer> layers) {
        List<Row> rows = new ArrayList<>();
        for (ReportModel.Layer layer : layers) {
            long sum = Arrays.stream(layer.counts()).sum();
            for (int e = 0; e < layer.counts().length; e++) {
                long count = layer.counts()[e];
                rows.add(RowFactory.create(layer.layer(), e, count, sum == 0 ? null : (Double) ((double) count / sum)));
            }
        }
        return rows;
    }

    private static StructType balanceSchema() {
        StructType schema = new StructType().add("layer", DataTypes.IntegerType, false);
        for (String metric : BalanceMetrics.names()) {
            schema = schema.add(metric, DataTypes.DoubleType);
        }
        return schema;
    }

    private static List<Row> balanceRows(List<ReportModel.Layer> layers) {
        List<Row> rows = new ArrayList<>();
        for (ReportModel.Layer layer : layers) {
            List<Object> values = new ArrayList<>();
            values.add(layer.layer());
            BalanceMetrics.names().forEach(name -> values.add(layer.metrics().get(name)));
            rows.add(RowFactory.create(values.toArray()));
        }
        return rows;
    }

    private static List<Row> paddingRows(List<ReportModel.Padding> padding) {
        return padding.stream()
                .filter(p -> p.layer() != null)
                .map(p -> RowFactory.create(
                        p.layer(),
                        p.phase(),
                        p.tokensPerPass(),
                        p.blockSize(),
                        p.passes(),
                        p.blocks(),
                        p.slots(),
                        p.used()))
                .toList();
    }
}

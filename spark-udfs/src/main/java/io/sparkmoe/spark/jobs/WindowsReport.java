package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.scan.ScanResult;
import io.sparkmoe.spark.report.AnalysisModel;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Expert load over time as the page and the table show it. */
final class WindowsReport {
    private static final StructType TABLE = new StructType()
            .add("unit", DataTypes.StringType, false)
            .add("from_unit", DataTypes.LongType, false)
            .add("to_unit", DataTypes.LongType, false)
            .add("layer", DataTypes.IntegerType, false)
            .add("expert", DataTypes.IntegerType, false)
            .add("count", DataTypes.LongType, false);

    private WindowsReport() {}

    static void add(Analysis found, OneRead read, int most, Progress progress) {
        List<ScanResult.Window> windows =
                progress.step("Joining windows", () -> read.reads().get(0).windows(most));
        List<Row> rows = new ArrayList<>();
        for (ScanResult.Window w : windows) {
            for (int e = 0; e < w.counts().length; e++) {
                rows.add(RowFactory.create(w.unit(), w.from(), w.to(), w.layer(), e, w.counts()[e]));
            }
        }
        found.windows(windows.stream()
                        .map(w -> new AnalysisModel.Window(w.unit(), w.from(), w.to(), w.layer(), w.counts()))
                        .toList())
                .table(
                        "windows",
                        new ReportTables(read.trace().trace().spark()).table(rows, TABLE));
    }
}

package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.jobs.scan.ScanResult;
import io.sparkmoe.spark.report.AnalysisModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
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
        JavaRDD<ScanResult.Window> windows =
                progress.step("Joining windows", () -> read.reads().get(0).windows(most));
        List<AnalysisModel.Window> shown = new ArrayList<>();
        for (ScanResult.Window w : progress.step("Collecting windows", windows::collect)) {
            shown.add(new AnalysisModel.Window(w.unit(), w.from(), w.to(), w.layer(), w.counts()));
        }
        shown.sort(Comparator.comparing(AnalysisModel.Window::unit)
                .thenComparingLong(AnalysisModel.Window::from)
                .thenComparingInt(AnalysisModel.Window::layer));
        found.windows(shown)
                .table(
                        "windows",
                        read.trace()
                                .trace()
                                .spark()
                                .createDataFrame(windows.flatMap(WindowsReport::rows), TABLE)
                                .coalesce(1));
    }

    private static Iterator<Row> rows(ScanResult.Window w) {
        return IntStream.range(0, w.counts().length)
                .mapToObj(e -> RowFactory.create(w.unit(), w.from(), w.to(), w.layer(), e, w.counts()[e]))
                .iterator();
    }
}

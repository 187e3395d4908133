package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.report.ReportModel;
import io.sparkmoe.spark.report.ReportPage;
import io.sparkmoe.spark.report.SummaryJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Mixin;

/**
 * A verb that measures recordings: {@link #analyse} finds, and this writes it: tables/NAME and tables/audit, quarantine/
 * where rows were put aside, summary.json and report.html with the sections of that analysis, and a few lines on stdout.
 */
abstract class AnalysisVerb extends Verb {
    private static final String PAGE = "report.html";

    @Mixin
    RowOptions rows = new RowOptions();

    @Mixin
    OutputOptions output = new OutputOptions();

    /** Measures. The result is closed when everything is written. */
    abstract Analysis analyse(SparkSession spark, Progress progress) throws Exception;

    /** Whether an earlier result may be replaced without being asked. */
    boolean replacesOutput() {
        return false;
    }

    @Override
    void check() {
        rows.check(this);
    }

    @Override
    int run(SparkSession spark, Progress progress) throws Exception {
        long start = System.nanoTime();
        try (OutputFolder folder =
                        output.open(replacesOutput(), spark.sessionState().newHadoopConf());
                Analysis found = analyse(spark, progress)) {
            ReportModel model = AnalysisReport.model(found, rows.excludeCached(), start, "spark-moe " + commandLine());
            progress.step("Writing the result", () -> write(folder, found, model));
            folder.commit();
            ReportSummary summary = new ReportSummary(out());
            summary.print(model, found.lines());
            summary.paths(folder.shown(PAGE), folder.shown(OutputOptions.SUMMARY), folder.shown("tables"));
            return found.traces().stream().anyMatch(UsableTrace::leftOut) ? QUARANTINED : DONE;
        }
    }

    private static void write(OutputFolder folder, Analysis found, ReportModel model) {
        SparkSession spark = found.traces().get(0).trace().spark();
        found.tables().forEach((name, rows) -> rows.write().parquet(folder.part("tables/" + name)));
        AuditTable.of(spark, AnalysisReport.auditLines(found))
                .coalesce(1)
                .write()
                .parquet(folder.part("tables/audit"));
        List<UsableTrace> aside =
                found.traces().stream().filter(t -> t.quarantined() > 0).toList();
        for (int i = 0; i < aside.size(); i++) {
            aside.get(i).writeQuarantine(folder.part(i == 0 ? "quarantine" : "quarantine-" + (i + 1)));
        }
        try (OutputStream json = folder.create(OutputOptions.SUMMARY);
                OutputStream page = folder.create(PAGE)) {
            SummaryJson.write(model, json);
            page.write(ReportPage.render(model, OverallMetrics.definitions()).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UserError("cannot write the result: " + e.getMessage(), e);
        }
    }
}

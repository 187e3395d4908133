package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.PageView.Cell;
import io.sparkmoe.spark.report.PageView.Column;
import io.sparkmoe.spark.report.PageView.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The page's tables; every chart's numbers stand in one of them or, where too many, in the Parquet tables. */
final class Tables {
    static final int SHOWN_AUDIT_LINES = 200;
    static final int SHOWN_PADDING_ROWS = 400;
    private static final int SOURCE_LIMIT = 160;

    private Tables() {}

    static Table hottest(Findings findings) {
        List<List<Cell>> rows = new ArrayList<>();
        for (Findings.ExpertLoad load : findings.hottestExperts()) {
            rows.add(List.of(
                    Cell.id(rows.size() + 1),
                    Cell.id(load.layer()),
                    Cell.id(load.expert()),
                    Cell.count(load.count()),
                    Cell.of(Text.percent(load.share(), 2), load.share()),
                    Cell.of(Text.times(load.timesUniform()), load.timesUniform())));
        }
        return new Table(
                "hottest",
                "The hottest experts of all layers",
                numeric("Rank", "Layer", "Expert", "Ids", "Share of layer", "Times uniform"),
                rows,
                "");
    }

    static Table layers(ReportModel model, Map<String, String> definitions) {
        List<String> metrics = MetricStyle.ordered(
                model.layers().stream().map(ReportModel.Layer::metrics).toList());
        List<Column> columns = new ArrayList<>(numeric("Layer", "Ids"));
        for (String metric : metrics) {
            columns.add(new Column(MetricStyle.of(metric).label(), definitions.getOrDefault(metric, metric), true));
        }
        List<List<Cell>> rows = new ArrayList<>();
        for (ReportModel.Layer layer : model.layers()) {
            List<Cell> row = new ArrayList<>(List.of(Cell.id(layer.layer()), Cell.count(layer.ids())));
            metrics.forEach(metric -> row.add(metric(metric, layer.metrics().get(metric))));
            rows.add(row);
        }
        return new Table("layers", "Balance metrics of every layer", columns, rows, "");
    }

    static Table overall(ReportModel model, Map<String, String> definitions) {
        List<List<Cell>> rows = new ArrayList<>();
        for (String metric : MetricStyle.ordered(List.of(model.overall()))) {
            rows.add(List.of(
                    Cell.text(metric),
                    metric(metric, model.overall().get(metric)),
                    Cell.text(definitions.getOrDefault(metric, ""))));
        }
        return new Table(
                "overall",
                "Over all layers",
                List.of(
                        new Column("Metric", "", false),
                        new Column("Value", "", true),
                        new Column("Definition", "", false)),
                rows,
                "");
    }

    static Table padding(ReportModel model) {
        List<ReportModel.Padding> totals =
                model.padding().stream().filter(row -> row.layer() == null).toList();
        List<List<Cell>> rows = new ArrayList<>();
        for (ReportModel.Padding row : totals.subList(0, Math.min(SHOWN_PADDING_ROWS, totals.size()))) {
            rows.add(List.of(
                    Cell.text(Text.visible(row.phase(), 20)),
                    Cell.count(row.tokensPerPass()),
                    Cell.id(row.blockSize()),
                    Cell.count(row.passes()),
                    Cell.count(row.blocks()),
                    Cell.count(row.slots()),
                    Cell.count(row.used()),
                    row.slots() == 0 ? Cell.text(Text.UNDEFINED) : Cell.of(Text.percent(row.waste(), 2), row.waste())));
        }
        List<Column> columns = new ArrayList<>(List.of(new Column("Phase", "", false)));
        columns.addAll(numeric("Tokens a pass", "Block size", "Passes", "Blocks", "Slots", "Used", "Waste"));
        return new Table(
                "padding",
                "Padding over all layers",
                columns,
                rows,
                rest(totals.size(), SHOWN_PADDING_ROWS, "padding"));
    }

    static Table audit(ReportModel model) {
        List<ReportModel.AuditLine> lines = model.audit();
        List<List<Cell>> rows = new ArrayList<>();
        for (ReportModel.AuditLine line : lines.subList(0, Math.min(SHOWN_AUDIT_LINES, lines.size()))) {
            rows.add(List.of(
                    Cell.text(Text.visible(line.source(), SOURCE_LIMIT)),
                    Cell.text(Text.visible(line.reason(), SOURCE_LIMIT)),
                    Cell.count(line.records()),
                    Cell.count(line.tokens()),
                    Cell.count(line.ids())));
        }
        List<Column> columns =
                new ArrayList<>(List.of(new Column("Source", "", false), new Column("Reason", "", false)));
        columns.addAll(numeric("Records", "Tokens", "Ids"));
        return new Table(
                "audit", "What the audit found", columns, rows, rest(lines.size(), SHOWN_AUDIT_LINES, "audit"));
    }

    private static Cell metric(String metric, @Nullable Double value) {
        String text = MetricStyle.of(metric).format(value);
        return value == null || !Double.isFinite(value) ? Cell.text(text) : Cell.of(text, value);
    }

    static List<Column> numeric(String... labels) {
        List<Column> columns = new ArrayList<>();
        for (String label : labels) {
            columns.add(new Column(label, "", true));
        }
        return columns;
    }

    static String rest(int all, int shown, String table) {
        return all <= shown ? "" : Text.plural(all - shown, "more row") + " in tables/" + table + ".";
    }
}

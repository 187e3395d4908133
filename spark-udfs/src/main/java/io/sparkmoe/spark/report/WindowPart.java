package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sparkmoe.spark.report.AnalysisView.Section;
import io.sparkmoe.spark.report.PageView.Finding;
import io.sparkmoe.spark.report.WindowGrid.Peak;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** Imbalance over time: the busiest expert's load over the mean, by window and layer. */
final class WindowPart implements AnalysisPart {
    private static final int MAX_UNITS = 3;

    private final WindowGrid grid;
    private final int index;
    private final List<String> notes;

    private WindowPart(WindowGrid grid, int index, List<String> notes) {
        this.grid = grid;
        this.index = index;
        this.notes = notes;
    }

    /** One for each unit that windows are counted in. */
    static List<AnalysisPart> of(ReportModel model, List<String> notes) {
        List<AnalysisPart> parts = new ArrayList<>();
        for (WindowGrid grid : grids(model)) {
            String merged = grid.windowsPerColumn() < 2
                    ? ""
                    : "A column holds up to " + grid.windowsPerColumn() + " of " + Text.plural(grid.windows(), "window")
                            + " and shows the most imbalanced of them; tables/windows has every window.";
            parts.add(new WindowPart(
                    grid, parts.size(), AnalysisParts.with(parts.isEmpty() ? notes : List.of(), merged)));
        }
        return parts;
    }

    /** Units without a single id are left out. */
    static List<WindowGrid> grids(ReportModel model) {
        TreeSet<String> units = new TreeSet<>();
        model.analyses().windows().forEach(window -> units.add(window.unit()));
        return units.stream()
                .limit(MAX_UNITS)
                .map(unit -> WindowGrid.of(model, unit))
                .filter(grid -> !grid.peaks().isEmpty())
                .toList();
    }

    @Override
    public String analysis() {
        return AnalysisParts.WINDOWS;
    }

    @Override
    public Finding finding() {
        return new Finding("Over time", lead(), detail());
    }

    private Peak worst() {
        return grid.peaks().stream()
                .max(Comparator.comparingDouble(Peak::imbalance))
                .orElseThrow();
    }

    private String lead() {
        Peak worst = worst();
        return "Worst is layer " + worst.layer() + " in " + span(worst) + ": expert " + worst.expert() + " carries "
                + Text.times(worst.imbalance()) + " the mean load.";
    }

    private String detail() {
        double[] medians = grid.medians();
        return "The middle layer goes from " + Text.times(medians[0]) + " in the first window to "
                + Text.times(medians[medians.length - 1]) + " in the last.";
    }

    private String span(Peak peak) {
        return unit()
                + (peak.from() == peak.to() ? " " : "s ")
                + Text.count(peak.from())
                + (peak.from() == peak.to() ? "" : " to " + Text.count(peak.to()));
    }

    private String unit() {
        return Text.visible(grid.unit(), 20);
    }

    @Override
    public Section section() {
        return new Section(
                analysis() + "-" + index,
                "Over time",
                "Imbalance over " + unit() + "s",
                lead(),
                detail(),
                List.of(),
                List.of(),
                List.of(AnalysisTables.windows(grid, index)),
                notes);
    }

    /** Columns of [from, to]; peaks of [column, layer index, max / mean, busiest expert, from less the column's,
     * to less from]. */
    @Override
    public void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("unit", unit());
        json.writeArrayFieldStart("layers");
        for (int layer : grid.layers()) {
            json.writeNumber(layer);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("columns");
        for (long[] column : grid.columns()) {
            json.writeArray(column, 0, column.length);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("peaks");
        for (Peak peak : grid.peaks()) {
            json.writeStartArray();
            json.writeNumber(peak.column());
            json.writeNumber(grid.layers().indexOf(peak.layer()));
            json.writeNumber(Math.rint(peak.imbalance() * 1e3) / 1e3);
            json.writeNumber(peak.expert());
            json.writeNumber(peak.from() - grid.columns().get(peak.column())[0]);
            json.writeNumber(peak.to() - peak.from());
            json.writeEndArray();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}

package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sparkmoe.core.metrics.CapacityMetrics;
import io.sparkmoe.spark.report.AnalysisModel.Capacity;
import io.sparkmoe.spark.report.AnalysisView.Choice;
import io.sparkmoe.spark.report.AnalysisView.Section;
import io.sparkmoe.spark.report.PageView.Finding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a limit on each expert's tokens would have dropped. */
final class CapacityPart implements AnalysisPart {
    /** Beyond this many rows the page keeps the sums over layers only. */
    static final int MAX_ROWS = 6_000;

    /** Megatron's and GShard's usual factor; the sentence speaks of the nearest. */
    private static final double USUAL_FACTOR = 1.25;

    /** Share of ids that may be dropped for the sentence on what it takes. */
    private static final double FEW = 0.01;

    private final List<Capacity> rows;
    private final List<Capacity> totals;
    private final List<String> phases;
    private final List<String> notes;

    private CapacityPart(List<Capacity> rows, List<Capacity> totals, List<String> notes) {
        this.rows = rows.size() > MAX_ROWS ? totals.subList(0, Math.min(MAX_ROWS, totals.size())) : rows;
        this.totals = totals;
        this.notes = rows.size() > MAX_ROWS
                ? AnalysisParts.with(notes, "Drawn are the sums over layers; tables/capacity has every layer.")
                : notes;
        phases = List.copyOf(new TreeSet<>(totals.stream().map(Capacity::phase).toList()).descendingSet());
    }

    /** Empty without rows that are summed over layers and have ids. */
    static Optional<AnalysisPart> of(ReportModel model, List<String> notes) {
        List<Capacity> rows = model.analyses().capacity().stream()
                .filter(row -> row.ids() > 0)
                .toList();
        List<Capacity> totals = rows.stream().filter(row -> row.layer() == null).toList();
        return totals.isEmpty() ? Optional.empty() : Optional.of(new CapacityPart(rows, totals, notes));
    }

    @Override
    public String analysis() {
        return AnalysisParts.CAPACITY;
    }

    @Override
    public Finding finding() {
        return new Finding("Capacity", lead(), detail());
    }

    /** At the usual factor, the kinds of passes that drop most and least. */
    private String lead() {
        double factor = totals.stream()
                .map(Capacity::factor)
                .min(Comparator.comparingDouble(f -> Math.abs(f - USUAL_FACTOR)))
                .orElseThrow();
        List<Capacity> shown = totals.stream()
                .filter(row -> row.factor() == factor)
                .sorted(Comparator.comparingDouble(CapacityPart::dropped))
                .toList();
        Capacity most = shown.get(shown.size() - 1);
        String start = "At a capacity factor of " + factor(factor) + ", " + passes(most) + " drop "
                + Text.percent(dropped(most)) + " of their ids";
        return shown.size() == 1
                ? start + "."
                : start + ", the most, and " + passes(shown.get(0)) + " the least, "
                        + Text.percent(dropped(shown.get(0))) + ".";
    }

    private static String passes(Capacity row) {
        return Text.visible(row.phase(), 20) + " passes of " + Text.plural(row.tokensPerPass(), "token");
    }

    private String detail() {
        TreeMap<Double, Double> worst = new TreeMap<>();
        totals.forEach(row -> worst.merge(row.factor(), dropped(row), Math::max));
        return worst.entrySet().stream()
                .filter(entry -> entry.getValue() < FEW)
                .findFirst()
                .map(entry -> "To drop less than " + Text.percent(FEW) + " in every kind of pass takes a factor of "
                        + factor(entry.getKey()) + ".")
                .orElse("No factor tried keeps every kind of pass below " + Text.percent(FEW) + ".");
    }

    static double dropped(Capacity row) {
        return (double) row.dropped() / row.ids();
    }

    static String factor(double factor) {
        return factor == Math.rint(factor) ? Text.decimal(factor, 1) : Double.toString(factor);
    }

    @Override
    public Section section() {
        List<Choice> choices = new ArrayList<>();
        rows.stream()
                .map(Capacity::layer)
                .filter(Objects::nonNull)
                .distinct()
                .sorted()
                .forEach(layer -> choices.add(new Choice(layer, "Layer " + layer)));
        return new Section(
                analysis(),
                "Capacity",
                "Drops by capacity factor",
                lead(),
                detail(),
                choices,
                phases.stream().map(phase -> Text.visible(phase, 20)).toList(),
                List.of(AnalysisTables.capacity(totals)),
                notes);
    }

    /** Rows of [layer or -1 for all, phase index, tokens per pass, factor, share dropped, share of slots left empty]. */
    @Override
    public void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("rows");
        for (Capacity row : rows) {
            Integer layer = row.layer();
            json.writeStartArray();
            json.writeNumber(layer == null ? -1 : layer);
            json.writeNumber(phases.indexOf(row.phase()));
            json.writeNumber(row.tokensPerPass());
            json.writeNumber(row.factor());
            PageData.writeRounded(json, dropped(row));
            PageData.writeRounded(json, CapacityMetrics.idle(row.dropped(), row.ids(), row.slots(), 1));
            json.writeEndArray();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}

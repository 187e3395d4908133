package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sparkmoe.spark.report.AnalysisView.Choice;
import io.sparkmoe.spark.report.AnalysisView.Section;
import io.sparkmoe.spark.report.DomainFigures.Preference;
import io.sparkmoe.spark.report.PageView.Finding;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Which experts serve which domains: a map of domains by experts a layer, and the strongest preferences. */
final class DomainPart implements AnalysisPart {
    private static final int MAX_CHARACTERS = 250_000;
    static final int NAME_LIMIT = 40;
    private static final int MAX_BINS = 128;

    private final DomainFigures figures;
    private final int experts;
    private final double even;
    private final List<DomainLayer> drawn;
    private final List<String> notes;

    private DomainPart(ReportModel model, DomainFigures figures, List<String> notes) {
        this.figures = figures;
        this.notes = notes;
        experts = model.model().numExperts();
        even = (double) model.model().topk() / experts;
        drawn = figures.layers().stream()
                .sorted(Comparator.comparingDouble(DomainLayer::distance)
                        .reversed()
                        .thenComparingInt(DomainLayer::layer))
                .limit(Math.max(1, MAX_CHARACTERS / charactersOfALayer()))
                .sorted(Comparator.comparingInt(DomainLayer::layer))
                .toList();
    }

    static Optional<AnalysisPart> of(ReportModel model, List<String> notes) {
        DomainFigures figures = DomainFigures.of(model);
        return figures.layers().isEmpty() ? Optional.empty() : Optional.of(new DomainPart(model, figures, notes));
    }

    private int charactersOfALayer() {
        int cells = Math.min(MAX_BINS, experts) * (figures.shown().size() + 1);
        return PackedCells.characters(2 * experts) + PackedCells.characters(cells) * (experts > MAX_BINS ? 2 : 1) + 60;
    }

    @Override
    public String analysis() {
        return AnalysisParts.DOMAINS;
    }

    @Override
    public Finding finding() {
        return new Finding("Domains", lead(), detail());
    }

    private String lead() {
        if (figures.strongest().isEmpty()) {
            return "No expert has an equal share of a domain's tokens, of at least " + DomainFigures.MIN_TOKENS + ".";
        }
        Preference most = figures.strongest().get(0);
        return "Expert " + most.expert() + " of layer " + most.layer() + " serves "
                + Text.visible(most.domain(), NAME_LIMIT) + " most of all: " + Text.percent(most.shareOfDomain())
                + " of that domain's tokens name it,";
    }

    private String detail() {
        if (figures.strongest().isEmpty()) {
            return "";
        }
        Preference most = figures.strongest().get(0);
        return Text.times(most.timesAllDomains()) + " the share of all domains together and "
                + Text.times(most.timesUniform()) + " an equal share (k / E = " + Text.percent(even) + "). "
                + Text.plural(figures.domains().size(), "domain") + " compared.";
    }

    @Override
    public Section section() {
        DomainLayer most = mostApart();
        return new Section(
                analysis(),
                "Domains",
                "Experts and domains",
                lead(),
                detail() + " Layer " + most.layer() + " tells domains apart most: on average "
                        + Text.percent(most.distance())
                        + " of a domain's ids would have to go elsewhere to follow the mix.",
                drawn.stream()
                        .map(layer -> new Choice(layer.layer(), "Layer " + layer.layer()))
                        .toList(),
                List.of(),
                List.of(AnalysisTables.preferences(figures.strongest())),
                AnalysisParts.with(AnalysisParts.with(notes, shownLayers()), shownDomains()));
    }

    private DomainLayer mostApart() {
        return figures.layers().stream()
                .max(Comparator.comparingDouble(DomainLayer::distance))
                .orElseThrow();
    }

    private String shownLayers() {
        return drawn.size() == figures.layers().size()
                ? ""
                : "Drawn are the " + drawn.size() + " of " + figures.layers().size()
                        + " layers that tell domains apart most; tables/specialization has every layer.";
    }

    private String shownDomains() {
        int all = figures.domains().size();
        int shown = figures.shown().size();
        return all == shown
                ? ""
                : "Drawn are the " + shown + " of " + Text.count(all)
                        + " domains with the most tokens; tables/specialization has every domain.";
    }

    @Override
    public void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("even", even);
        json.writeNumberField("start", mostApart().layer());
        json.writeNumberField("bins", Math.min(MAX_BINS, experts));
        json.writeArrayFieldStart("domains");
        for (String domain : figures.shown()) {
            json.writeString(Text.visible(domain, NAME_LIMIT));
        }
        json.writeEndArray();
        json.writeArrayFieldStart("tokens");
        for (String domain : figures.shown()) {
            json.writeNumber(figures.tokens().get(domain));
        }
        json.writeEndArray();
        json.writeObjectFieldStart("layers");
        for (DomainLayer layer : drawn) {
            json.writeObjectFieldStart(Integer.toString(layer.layer()));
            int[] byId = IntStream.range(0, experts).toArray();
            int[] order = layer.byDomain();
            int rows = figures.shown().size();
            json.writeStringField("order", PackedCells.base64(order));
            json.writeStringField(
                    "cells", PackedCells.base64(layer.cells(experts > MAX_BINS ? order : byId, MAX_BINS, rows, even)));
            if (experts > MAX_BINS) {
                json.writeStringField("cellsById", PackedCells.base64(layer.cells(byId, MAX_BINS, rows, even)));
            }
            json.writeEndObject();
        }
        json.writeEndObject();
        json.writeEndObject();
    }
}

package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sparkmoe.spark.report.AnalysisModel.Vocabulary;
import io.sparkmoe.spark.report.AnalysisView.Choice;
import io.sparkmoe.spark.report.AnalysisView.Section;
import io.sparkmoe.spark.report.PageView.Finding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** How far token ids choose their first expert. */
final class VocabularyPart implements AnalysisPart {
    private static final Comparator<Vocabulary> BY_MEAN =
            Comparator.comparingDouble(layer -> Objects.requireNonNull(layer.meanTopShare()));

    private final List<Vocabulary> layers;
    private final int experts;
    private final List<String> notes;

    private VocabularyPart(List<Vocabulary> layers, int experts, List<String> notes) {
        this.layers = layers;
        this.experts = experts;
        this.notes = notes;
    }

    /** Empty where no layer has a token id that was seen often enough. */
    static Optional<AnalysisPart> of(ReportModel model, List<String> notes) {
        List<Vocabulary> layers = model.analyses().vocabulary().stream()
                .filter(layer -> layer.meanTopShare() != null)
                .toList();
        return layers.isEmpty()
                ? Optional.empty()
                : Optional.of(new VocabularyPart(layers, model.model().numExperts(), notes));
    }

    @Override
    public String analysis() {
        return AnalysisParts.VOCABULARY;
    }

    @Override
    public Finding finding() {
        return new Finding("Vocabulary", lead(), detail());
    }

    private String lead() {
        Vocabulary most = layers.stream().max(BY_MEAN).orElseThrow();
        return "In layer " + most.layer() + " a token id goes to one first expert "
                + Text.percent(Objects.requireNonNull(most.meanTopShare())) + " of the time"
                + (layers.size() == 1 ? "" : ", the most of all layers") + ";";
    }

    private String detail() {
        Vocabulary least = layers.stream().min(BY_MEAN).orElseThrow();
        String others = layers.size() == 1
                ? ""
                : "the least, " + Text.percent(Objects.requireNonNull(least.meanTopShare())) + ", in layer "
                        + least.layer() + ". ";
        return others + "Equal chance would give about " + Text.percent(1.0 / experts)
                + " to token ids seen very often." + " Means are over token ids seen at least "
                + Text.plural(least.minimum(), "time") + ".";
    }

    @Override
    public Section section() {
        List<Choice> choices = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            choices.add(new Choice(i, "Layer " + layers.get(i).layer()));
        }
        return new Section(
                analysis(),
                "Vocabulary",
                "Token ids and their first expert",
                lead(),
                detail(),
                choices,
                List.of(),
                List.of(AnalysisTables.vocabulary(layers)),
                notes);
    }

    @Override
    public void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("layers");
        for (Vocabulary layer : layers) {
            json.writeNumber(layer.layer());
        }
        json.writeEndArray();
        json.writeArrayFieldStart("means");
        for (Vocabulary layer : layers) {
            PageData.writeRounded(json, layer.meanTopShare());
        }
        json.writeEndArray();
        json.writeArrayFieldStart("histograms");
        for (Vocabulary layer : layers) {
            json.writeArray(layer.histogram(), 0, layer.histogram().length);
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}

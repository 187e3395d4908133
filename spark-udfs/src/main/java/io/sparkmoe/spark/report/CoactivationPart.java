package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sparkmoe.core.metrics.CoactivationMetrics;
import io.sparkmoe.core.metrics.ExpertOrder;
import io.sparkmoe.spark.report.AnalysisView.Choice;
import io.sparkmoe.spark.report.AnalysisView.Section;
import io.sparkmoe.spark.report.PageView.Finding;
import io.sparkmoe.spark.report.PairFigures.Pair;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Experts chosen together: a map a layer, and the strongest pairs. */
final class CoactivationPart implements AnalysisPart {
    /** Of all layers' maps together. Less where the load of so many experts already fills much of the page. */
    private static final int MAX_CHARACTERS = 1_200_000;

    private static final int MAX_CHARACTERS_OF_MANY_EXPERTS = 650_000;
    private static final int MANY_EXPERTS = 512;
    private static final int MAX_BINS = 128;
    private static final int MAX_BINS_BY_ID = 64;
    private static final int TABLE_ROWS = 15;

    private final ReportModel model;
    private final double uniformLift;
    private final List<PairFigures> layers;
    private final List<Integer> drawn;
    private final List<String> notes;

    private CoactivationPart(ReportModel model, double uniformLift, List<PairFigures> layers, List<String> notes) {
        this.model = model;
        this.uniformLift = uniformLift;
        this.layers = layers;
        this.notes = notes;
        drawn = layers.stream()
                .sorted(Comparator.comparingDouble(PairFigures::excessShare)
                        .reversed()
                        .thenComparingInt(PairFigures::layer))
                .limit(Math.max(1, maxCharacters(experts()) / charactersOfALayer(experts())))
                .map(PairFigures::layer)
                .sorted()
                .toList();
    }

    /** Empty without counts, and for top-1 routing, where no token names two experts. */
    static Optional<AnalysisPart> of(ReportModel model, List<String> notes) {
        Double uniform = uniformLift(model);
        List<PairFigures> layers = figures(model);
        return layers.isEmpty() || uniform == null
                ? Optional.empty()
                : Optional.of(new CoactivationPart(model, uniform, layers, notes));
    }

    /** Layers with at least one pair, in the model's order. */
    static List<PairFigures> figures(ReportModel model) {
        Double uniform = uniformLift(model);
        int experts = model.model().numExperts();
        return uniform == null
                ? List.of()
                : model.analyses().coactivation().stream()
                        .map(layer -> PairFigures.of(layer, experts))
                        .filter(layer -> layer.idsOfPairs() > 0)
                        .toList();
    }

    private static Double uniformLift(ReportModel model) {
        Double lift = CoactivationMetrics.uniformLift(
                model.model().numExperts(), model.model().topk());
        return lift == null || lift <= 0 ? null : lift;
    }

    private static int maxCharacters(int experts) {
        return experts > MANY_EXPERTS ? MAX_CHARACTERS_OF_MANY_EXPERTS : MAX_CHARACTERS;
    }

    private static int charactersOfALayer(int experts) {
        int cells =
                PairMap.cells(Math.min(MAX_BINS, experts)) + (experts > MAX_BINS ? PairMap.cells(MAX_BINS_BY_ID) : 0);
        return PackedCells.characters(cells) + PackedCells.characters(2 * experts) + 500;
    }

    private int experts() {
        return model.model().numExperts();
    }

    @Override
    public String analysis() {
        return AnalysisParts.COACTIVATION;
    }

    @Override
    public Finding finding() {
        List<Pair> pairs = PairFigures.strongest(layers, 1);
        if (pairs.isEmpty()) {
            return new Finding(
                    "Co-activation",
                    "No two experts are named together often enough",
                    "to speak of a pair: by " + PairFigures.MIN_TOKENS + " tokens or more.");
        }
        Pair pair = pairs.get(0);
        return new Finding(
                "Co-activation",
                "Experts " + pair.expert() + " and " + pair.withExpert() + " of layer " + pair.layer()
                        + " are chosen together " + Text.times(pair.lift() / uniformLift)
                        + " as often as uniform routing would,",
                "by " + Text.plural(pair.tokenCount(), "token") + ": " + Text.percent(pair.shareOfExpert())
                        + " of those that name expert " + pair.expert() + " and "
                        + Text.percent(pair.shareOfOther()) + " of those that name " + pair.withExpert() + ".");
    }

    @Override
    public Section section() {
        PairFigures most = mostStructured();
        PairFigures least = layers.stream()
                .min(Comparator.comparingDouble(PairFigures::excessShare))
                .orElseThrow();
        return new Section(
                analysis(),
                "Co-activation",
                "Experts chosen together",
                "In layer " + most.layer() + ", " + Text.percent(most.excessShare())
                        + " of the pairs would have to move for experts to be chosen independently of each other"
                        + (layers.size() == 1 ? "." : ","),
                layers.size() == 1
                        ? ""
                        : "the most of all layers; the least, " + Text.percent(least.excessShare()) + ", in layer "
                                + least.layer() + ".",
                drawn.stream().map(layer -> new Choice(layer, "Layer " + layer)).toList(),
                List.of(),
                List.of(AnalysisTables.pairs(PairFigures.strongest(layers, TABLE_ROWS), uniformLift)),
                AnalysisParts.with(notes, shown()));
    }

    private PairFigures mostStructured() {
        return layers.stream()
                .max(Comparator.comparingDouble(PairFigures::excessShare))
                .orElseThrow();
    }

    private String shown() {
        return drawn.size() == layers.size()
                ? ""
                : "Drawn are the " + drawn.size() + " of " + layers.size()
                        + " layers whose pairs differ most from independent choice; tables/coactivation has every layer.";
    }

    @Override
    public void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("uniform", uniformLift);
        json.writeNumberField("start", mostStructured().layer());
        json.writeNumberField("bins", Math.min(MAX_BINS, experts()));
        json.writeNumberField("binsById", Math.min(MAX_BINS_BY_ID, experts()));
        json.writeObjectFieldStart("layers");
        for (AnalysisModel.Coactivation layer : model.analyses().coactivation()) {
            if (drawn.contains(layer.layer())) {
                json.writeObjectFieldStart(Integer.toString(layer.layer()));
                write(layer, json);
                json.writeEndObject();
            }
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    /** Cells of single experts lie by id, and the page orders them; bins of many experts lie by cluster and also by id. */
    private void write(AnalysisModel.Coactivation layer, JsonGenerator json) throws IOException {
        PairMap map = new PairMap(layer, experts(), uniformLift);
        int[] order = ExpertOrder.byCoactivation(layer.tokenCounts(), experts(), layer.tokens(), uniformLift);
        json.writeNumberField("tokens", layer.tokens());
        json.writeStringField("order", PackedCells.base64(order));
        if (experts() <= MAX_BINS) {
            json.writeStringField("cells", PackedCells.base64(map.ofIds(MAX_BINS)));
        } else {
            json.writeStringField("cells", PackedCells.base64(map.of(order, MAX_BINS)));
            json.writeStringField("cellsById", PackedCells.base64(map.ofIds(MAX_BINS_BY_ID)));
        }
        PairFigures figures = layers.stream()
                .filter(candidate -> candidate.layer() == layer.layer())
                .findFirst()
                .orElseThrow();
        json.writeArrayFieldStart("strongest");
        for (Pair pair : figures.strongest()) {
            json.writeStartArray();
            json.writeNumber(pair.expert());
            json.writeNumber(pair.withExpert());
            json.writeNumber(pair.tokenCount());
            json.writeNumber(Math.rint(pair.lift() * 1e4) / 1e4);
            json.writeEndArray();
        }
        json.writeEndArray();
    }
}

package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sparkmoe.spark.report.AnalysisView.Choice;
import io.sparkmoe.spark.report.AnalysisView.Section;
import io.sparkmoe.spark.report.FlowFigures.Link;
import io.sparkmoe.spark.report.PageView.Finding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Experts chosen one layer after the other: how far each pair of layers hangs together, and a pair's strongest flows. */
final class TransitionPart implements AnalysisPart {
    /** Pairs of layers with flows of their own on the page. */
    static final int MAX_PAIRS = 96;

    private static final int TABLE_ROWS = 15;
    private static final Comparator<FlowFigures> IN_ORDER =
            Comparator.comparingInt(FlowFigures::fromLayer).thenComparingInt(FlowFigures::toLayer);
    private static final Comparator<FlowFigures> MOST_FIRST =
            Comparator.comparingDouble(FlowFigures::excessShare).reversed().thenComparing(IN_ORDER);

    private final List<FlowFigures> pairs;
    private final List<FlowFigures> drawn;
    private final List<String> notes;

    private TransitionPart(List<FlowFigures> pairs, List<String> notes) {
        this.pairs = pairs;
        this.notes = notes;
        drawn = pairs.stream()
                .sorted(MOST_FIRST)
                .limit(MAX_PAIRS)
                .sorted(IN_ORDER)
                .toList();
    }

    static Optional<AnalysisPart> of(ReportModel model, List<String> notes) {
        List<FlowFigures> pairs = figures(model);
        return pairs.isEmpty() ? Optional.empty() : Optional.of(new TransitionPart(pairs, notes));
    }

    /** Pairs of layers with at least one transition, ascending. */
    static List<FlowFigures> figures(ReportModel model) {
        int experts = model.model().numExperts();
        return model.analyses().transitions().stream()
                .map(pair -> FlowFigures.of(pair, experts))
                .filter(pair -> pair.count() > 0)
                .sorted(IN_ORDER)
                .toList();
    }

    @Override
    public String analysis() {
        return AnalysisParts.TRANSITIONS;
    }

    @Override
    public Finding finding() {
        FlowFigures most = pairs.stream().min(MOST_FIRST).orElseThrow();
        if (most.links().isEmpty()) {
            return new Finding("Transitions", "No transition stands out", "from what the experts' loads explain.");
        }
        Link link = most.links().get(0);
        return new Finding(
                "Transitions",
                "From layer " + most.fromLayer() + " to " + most.toLayer() + ", expert " + link.fromExpert() + " sends "
                        + Text.percent(link.shareOfRow()) + " of its transitions to expert " + link.toExpert() + ",",
                Text.times(link.timesExpected()) + " what the two experts' loads let expect.");
    }

    @Override
    public Section section() {
        FlowFigures most = pairs.stream().min(MOST_FIRST).orElseThrow();
        FlowFigures least = pairs.stream().max(MOST_FIRST).orElseThrow();
        List<Choice> choices = new ArrayList<>();
        for (int i = 0; i < drawn.size(); i++) {
            choices.add(new Choice(
                    i,
                    "Layer " + drawn.get(i).fromLayer() + " to " + drawn.get(i).toLayer()));
        }
        return new Section(
                analysis(),
                "Transitions",
                "From layer to layer",
                "From layer " + most.fromLayer() + " to " + most.toLayer() + ", " + Text.percent(most.excessShare())
                        + " of the transitions go elsewhere than loads alone would send them"
                        + (pairs.size() == 1 ? "." : ","),
                pairs.size() == 1
                        ? ""
                        : "the most of all pairs of layers; the least, " + Text.percent(least.excessShare())
                                + ", from layer " + least.fromLayer() + " to " + least.toLayer() + ".",
                choices,
                List.of(),
                List.of(AnalysisTables.flows(strongest(), TABLE_ROWS)),
                AnalysisParts.with(notes, shown()));
    }

    private List<FlowFigures> strongest() {
        return pairs.stream().sorted(MOST_FIRST).limit(TABLE_ROWS).toList();
    }

    private String shown() {
        return drawn.size() == pairs.size()
                ? ""
                : "Flows are drawn for the " + drawn.size() + " of " + Text.count(pairs.size())
                        + " pairs of layers that differ most from what loads alone let expect; tables/transitions has every pair.";
    }

    @Override
    public void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField(
                "start", drawn.indexOf(drawn.stream().min(MOST_FIRST).orElseThrow()));
        json.writeArrayFieldStart("pairs");
        for (FlowFigures pair : pairs) {
            json.writeStartArray();
            json.writeNumber(pair.fromLayer());
            json.writeNumber(pair.toLayer());
            json.writeNumber(Math.rint(pair.excessShare() * 1e5) / 1e5);
            json.writeEndArray();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("flows");
        for (FlowFigures pair : drawn) {
            json.writeStartObject();
            json.writeNumberField("from", pair.fromLayer());
            json.writeNumberField("to", pair.toLayer());
            json.writeNumberField("count", pair.count());
            json.writeArrayFieldStart("links");
            for (Link link : pair.links()) {
                long[] fields = {link.fromExpert(), link.toExpert(), link.count(), link.ofRow(), link.ofColumn()};
                json.writeArray(fields, 0, fields.length);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}

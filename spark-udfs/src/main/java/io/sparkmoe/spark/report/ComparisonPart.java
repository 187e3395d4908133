package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sparkmoe.core.metrics.RoutingAgreement;
import io.sparkmoe.spark.report.AnalysisModel.Agreement;
import io.sparkmoe.spark.report.AnalysisModel.Comparison;
import io.sparkmoe.spark.report.AnalysisModel.LeftOut;
import io.sparkmoe.spark.report.AnalysisView.Section;
import io.sparkmoe.spark.report.PageView.Finding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Two routings of the same tokens: how far they agree, layer by layer. */
final class ComparisonPart implements AnalysisPart {
    private static final int MAX_COMPARISONS = 4;
    private static final int NAME_LIMIT = 60;

    private final Comparison comparison;
    private final int index;
    private final List<String> notes;

    private ComparisonPart(Comparison comparison, int index, List<String> notes) {
        this.comparison = comparison;
        this.index = index;
        this.notes = notes;
    }

    /** Notes stand under the first, since they name the kind of analysis only. */
    static List<AnalysisPart> of(ReportModel model, List<String> notes) {
        List<Comparison> all = model.analyses().comparisons();
        List<AnalysisPart> parts = new ArrayList<>();
        for (int i = 0; i < Math.min(MAX_COMPARISONS, all.size()); i++) {
            String more = i > 0 || all.size() <= MAX_COMPARISONS
                    ? ""
                    : Text.plural(all.size() - MAX_COMPARISONS, "more comparison") + " in summary.json.";
            parts.add(new ComparisonPart(all.get(i), i, AnalysisParts.with(i == 0 ? notes : List.of(), more)));
        }
        return parts;
    }

    @Override
    public String analysis() {
        return AnalysisParts.COMPARISON;
    }

    private String kind() {
        String kind = Text.visible(comparison.kind(), 20);
        return kind.isEmpty() ? "Comparison" : kind.substring(0, 1).toUpperCase(Locale.ROOT) + kind.substring(1);
    }

    private String left() {
        return Text.visible(shortened(comparison.left()), NAME_LIMIT);
    }

    private String right() {
        return Text.visible(shortened(comparison.right()), NAME_LIMIT);
    }

    /** Without the folders that both sides share: the inputs stand in full at the page's end. */
    private String shortened(String name) {
        String other = name.equals(comparison.left()) ? comparison.right() : comparison.left();
        int same = 0;
        while (same < Math.min(name.length(), other.length()) && name.charAt(same) == other.charAt(same)) {
            same++;
        }
        return name.equals(other)
                ? name
                : name.substring(name.substring(0, same).lastIndexOf('/') + 1);
    }

    /** A share that is not quite all does not read as all. */
    private static String share(double share) {
        return share < 1 && share >= 0.9995 ? "over 99.9\u00a0%" : Text.percent(share);
    }

    private @Nullable Double differing() {
        long tokens = comparison.layers().stream().mapToLong(Agreement::tokens).sum();
        long equal =
                comparison.layers().stream().mapToLong(Agreement::equalSets).sum();
        return RoutingAgreement.mismatch(equal, tokens);
    }

    @Override
    public Finding finding() {
        return new Finding(kind(), left() + " against " + right() + ": " + lead(), detail());
    }

    private String lead() {
        Double share = differing();
        return share == null
                ? loadLead()
                : share(share) + " of (token, layer) pairs have another set of experts"
                        + (comparison.tokens() == 0 ? "." : ",");
    }

    /** Windows of time share no token: expert load is all that can be compared. */
    private String loadLead() {
        return comparison.layers().stream()
                .filter(layer -> layer.loadCosine() != null)
                .min(Comparator.comparingDouble(Agreement::loadCosine))
                .map(layer -> "Only expert load is compared; its cosine is lowest at layer " + layer.layer() + ": "
                        + Text.decimal(layer.loadCosine(), 3) + ".")
                .orElse("No token could be compared.");
    }

    private String detail() {
        long tokens = comparison.tokens();
        String leftOut = comparison.leftOut().isEmpty() ? "" : " " + leftOut();
        return tokens == 0
                ? leftOut.strip()
                : "and " + share((double) comparison.tokensDiffering() / tokens) + " of "
                        + Text.plural(tokens, "token") + " at one layer at least; a token differs at "
                        + Text.decimal((double) comparison.differingLayers() / tokens, 2) + " of "
                        + Text.plural(comparison.layers().size(), "layer") + " on average." + leftOut;
    }

    private String leftOut() {
        return Text.plural(
                        comparison.leftOut().stream().mapToLong(LeftOut::tokens).sum(), "token")
                + " of one side or the other could not be compared.";
    }

    @Override
    public Section section() {
        return new Section(
                analysis() + "-" + index,
                kind(),
                kind() + ": " + left() + " against " + right(),
                lead(),
                detail(),
                List.of(),
                List.of(),
                comparison.leftOut().isEmpty()
                        ? List.of(AnalysisTables.agreement(comparison, index))
                        : List.of(
                                AnalysisTables.agreement(comparison, index), AnalysisTables.leftOut(comparison, index)),
                notes);
    }

    @Override
    public void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("layers");
        for (Agreement layer : comparison.layers()) {
            json.writeNumber(layer.layer());
        }
        json.writeEndArray();
        write(json, "equal", layer -> ratio(layer.equalSets(), layer.tokens()));
        write(
                json,
                "saturation",
                layer -> RoutingAgreement.saturation(layer.overlapSum(), layer.tokens(), layer.topk()));
        write(json, "jaccard", layer -> RoutingAgreement.jaccard(layer.overlapSum(), layer.unionSum()));
        write(json, "first", ComparisonPart::first);
        write(json, "cosine", Agreement::loadCosine);
        json.writeEndObject();
    }

    static @Nullable Double first(Agreement layer) {
        Long first = layer.firstEqual();
        return first == null ? null : ratio(first, layer.tokens());
    }

    static @Nullable Double ratio(long part, long whole) {
        return whole == 0 ? null : (Double) ((double) part / whole);
    }

    private interface Share {
        @Nullable
        Double of(Agreement layer);
    }

    private void write(JsonGenerator json, String name, Share share) throws IOException {
        json.writeArrayFieldStart(name);
        for (Agreement layer : comparison.layers()) {
            PageData.writeRounded(json, share.of(layer));
        }
        json.writeEndArray();
    }
}

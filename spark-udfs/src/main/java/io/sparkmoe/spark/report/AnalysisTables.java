package io.sparkmoe.spark.report;

import io.sparkmoe.core.metrics.CapacityMetrics;
import io.sparkmoe.core.metrics.RoutingAgreement;
import io.sparkmoe.spark.report.AnalysisModel.Agreement;
import io.sparkmoe.spark.report.AnalysisModel.Capacity;
import io.sparkmoe.spark.report.AnalysisModel.Comparison;
import io.sparkmoe.spark.report.AnalysisModel.LeftOut;
import io.sparkmoe.spark.report.AnalysisModel.Vocabulary;
import io.sparkmoe.spark.report.PageView.Cell;
import io.sparkmoe.spark.report.PageView.Column;
import io.sparkmoe.spark.report.PageView.Table;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tables of the sections on analyses. */
final class AnalysisTables {
    private static final int SHOWN_ROWS = 200;
    private static final int SHOWN_REASONS = 40;

    private AnalysisTables() {}

    static Table pairs(List<PairFigures.Pair> pairs, double uniformLift) {
        List<List<Cell>> rows = new ArrayList<>();
        for (PairFigures.Pair pair : pairs) {
            rows.add(List.of(
                    Cell.id(pair.layer()),
                    Cell.id(pair.expert()),
                    Cell.id(pair.withExpert()),
                    Cell.count(pair.tokenCount()),
                    share(pair.shareOfExpert()),
                    share(pair.shareOfOther()),
                    Cell.of(Text.decimal(pair.lift(), 2), pair.lift()),
                    times(pair.lift() / uniformLift)));
        }
        return new Table(
                "pairs",
                "The pairs most often chosen together, for their loads",
                Tables.numeric(
                        "Layer",
                        "Expert",
                        "With",
                        "Tokens",
                        "Of the first's tokens",
                        "Of the second's",
                        "Lift",
                        "Times uniform"),
                rows,
                "By lift, at most " + PairFigures.TOP_PAIRS + " a layer, of pairs that at least "
                        + PairFigures.MIN_TOKENS
                        + " tokens name and no fewer than the mean pair; tables/coactivation has every pair.");
    }

    static Table flows(List<FlowFigures> pairs, int limit) {
        List<List<Cell>> rows = new ArrayList<>();
        for (FlowFigures pair : pairs.subList(0, Math.min(limit, pairs.size()))) {
            if (!pair.links().isEmpty()) {
                FlowFigures.Link link = pair.links().get(0);
                rows.add(List.of(
                        Cell.id(pair.fromLayer()),
                        Cell.id(pair.toLayer()),
                        share(pair.excessShare()),
                        Cell.id(link.fromExpert()),
                        Cell.id(link.toExpert()),
                        Cell.count(link.count()),
                        share(link.shareOfRow()),
                        times(link.timesExpected())));
            }
        }
        return new Table(
                "flows",
                "Pairs of layers that hang together most, and each one's strongest transition",
                Tables.numeric(
                        "From layer",
                        "To layer",
                        "Elsewhere than by loads",
                        "From expert",
                        "To expert",
                        "Transitions",
                        "Of those that leave",
                        "Times expected"),
                rows,
                "tables/transitions has every pair of layers and experts.");
    }

    static Table agreement(Comparison comparison, int index) {
        List<List<Cell>> rows = new ArrayList<>();
        for (Agreement layer : comparison.layers()) {
            rows.add(List.of(
                    Cell.id(layer.layer()),
                    Cell.count(layer.tokens()),
                    share(ComparisonPart.ratio(layer.equalSets(), layer.tokens())),
                    share(RoutingAgreement.saturation(layer.overlapSum(), layer.tokens(), layer.topk())),
                    share(RoutingAgreement.jaccard(layer.overlapSum(), layer.unionSum())),
                    share(ComparisonPart.first(layer)),
                    number(layer.loadCosine(), 4),
                    Cell.count(layer.masked())));
        }
        return new Table(
                "agreement-" + index,
                "Agreement of every layer",
                Tables.numeric(
                        "Layer",
                        "Tokens",
                        "Same set",
                        "Saturation",
                        "Jaccard",
                        "Same first expert",
                        "Cosine of load",
                        "Masked tokens"),
                rows,
                "");
    }

    static Table leftOut(Comparison comparison, int index) {
        List<LeftOut> all = comparison.leftOut();
        List<List<Cell>> rows = new ArrayList<>();
        for (LeftOut line : all.subList(0, Math.min(SHOWN_REASONS, all.size()))) {
            rows.add(List.of(
                    Cell.text(Text.visible(line.reason(), 160)),
                    Cell.count(line.sequences()),
                    Cell.count(line.tokens())));
        }
        List<Column> columns = new ArrayList<>(List.of(new Column("Reason", "", false)));
        columns.addAll(Tables.numeric("Sequences", "Tokens"));
        return new Table(
                "left-out-" + index,
                "What could not be compared",
                columns,
                rows,
                Tables.rest(all.size(), SHOWN_REASONS, "left_out"));
    }

    static Table preferences(List<DomainFigures.Preference> strongest) {
        List<List<Cell>> rows = new ArrayList<>();
        for (DomainFigures.Preference preference : strongest) {
            rows.add(List.of(
                    Cell.text(Text.visible(preference.domain(), DomainPart.NAME_LIMIT)),
                    Cell.id(preference.layer()),
                    Cell.id(preference.expert()),
                    Cell.count(preference.count()),
                    share(preference.shareOfDomain()),
                    share(preference.shareOfExpert()),
                    times(preference.timesUniform()),
                    times(preference.timesAllDomains())));
        }
        List<Column> columns = new ArrayList<>(List.of(new Column("Domain", "", false)));
        columns.addAll(Tables.numeric(
                "Layer", "Expert", "Tokens", "Of the domain's", "Of the expert's", "Times k / E", "Times all domains"));
        return new Table(
                "preferences",
                "The experts that domains prefer most",
                columns,
                rows,
                "Of experts with at least an equal share of the domain, k / E; tables/specialization has every expert.");
    }

    static Table vocabulary(List<Vocabulary> layers) {
        List<List<Cell>> rows = new ArrayList<>();
        for (Vocabulary layer : layers) {
            rows.add(List.of(
                    Cell.id(layer.layer()),
                    Cell.count(layer.tokenIds()),
                    Cell.count(layer.rareTokenIds()),
                    Cell.count(layer.minimum()),
                    share(layer.meanTopShare())));
        }
        return new Table(
                "vocabulary-layers",
                "Token ids of every layer",
                Tables.numeric("Layer", "Token ids", "Left out as rare", "Seen at least", "Mean top share"),
                rows,
                "tables/vocabulary_tokens has every token id.");
    }

    static Table windows(WindowGrid grid, int index) {
        List<List<Cell>> rows = new ArrayList<>();
        for (WindowGrid.Peak peak : grid.worstByLayer()) {
            rows.add(List.of(
                    Cell.id(peak.layer()),
                    Cell.count(peak.from()),
                    Cell.count(peak.to()),
                    Cell.id(peak.expert()),
                    times(peak.imbalance())));
        }
        return new Table(
                "windows-" + index + "-layers",
                "The most imbalanced window of every layer",
                Tables.numeric("Layer", "From", "To", "Busiest expert", "Max / mean"),
                rows,
                "tables/windows has every window.");
    }

    static Table capacity(List<Capacity> totals) {
        List<List<Cell>> rows = new ArrayList<>();
        for (Capacity row : totals.subList(0, Math.min(SHOWN_ROWS, totals.size()))) {
            rows.add(List.of(
                    Cell.text(Text.visible(row.phase(), 20)),
                    Cell.count(row.tokensPerPass()),
                    Cell.of(CapacityPart.factor(row.factor()), row.factor()),
                    Cell.count(row.passes()),
                    Cell.count(row.ids()),
                    Cell.count(row.dropped()),
                    share(CapacityMetrics.dropped(row.dropped(), row.ids())),
                    share(CapacityMetrics.idle(row.dropped(), row.ids(), row.slots(), 1))));
        }
        List<Column> columns = new ArrayList<>(List.of(new Column("Phase", "", false)));
        columns.addAll(Tables.numeric(
                "Tokens a pass", "Factor", "Passes", "Ids", "Dropped", "Share dropped", "Slots left empty"));
        return new Table(
                "drops", "Drops over all layers", columns, rows, Tables.rest(totals.size(), SHOWN_ROWS, "capacity"));
    }

    private static Cell share(@Nullable Double share) {
        return share == null ? Cell.text(Text.UNDEFINED) : Cell.of(Text.percent(share, 2), share);
    }

    private static Cell number(@Nullable Double value, int digits) {
        return value == null ? Cell.text(Text.UNDEFINED) : Cell.of(Text.decimal(value, digits), value);
    }

    private static Cell times(double ratio) {
        return Cell.of(Text.times(ratio), ratio);
    }
}

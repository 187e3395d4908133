package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.AnalysisModel.Capacity;
import io.sparkmoe.spark.report.AnalysisModel.Comparison;
import io.sparkmoe.spark.report.AnalysisModel.Note;
import io.sparkmoe.spark.report.AnalysisModel.Vocabulary;
import java.util.List;

/**
 * The analyses in summary.json: totals and strongest cells, never a matrix. Kept small at any size of model: what has a row
 * an expert or a pair of them stands in the tables.
 */
record AnalysisTotals(
        List<PairFigures> coactivation,
        List<Flow> transitions,
        List<Comparison> comparisons,
        Domains domains,
        List<Vocabulary> vocabulary,
        List<Windows> windows,
        List<Capacity> capacity,
        List<Note> notes) {
    /** One pair of layers; {@code strongest} holds one link at most. */
    record Flow(int fromLayer, int toLayer, long count, double excessShare, List<FlowFigures.Link> strongest) {}

    /** Domains by falling tokens, and the strongest preferences of all. */
    record Domains(List<DomainTokens> totals, List<DomainFigures.Preference> strongest) {}

    record DomainTokens(String domain, long tokens) {}

    /** @param worst each layer's most imbalanced window */
    record Windows(String unit, int windows, List<WindowGrid.Peak> worst) {}

    static AnalysisTotals of(ReportModel model) {
        AnalysisModel analyses = model.analyses();
        DomainFigures domains = DomainFigures.of(model);
        return new AnalysisTotals(
                CoactivationPart.figures(model),
                TransitionPart.figures(model).stream().map(AnalysisTotals::flow).toList(),
                analyses.comparisons(),
                new Domains(
                        domains.domains().stream()
                                .map(name ->
                                        new DomainTokens(name, domains.tokens().get(name)))
                                .toList(),
                        domains.strongest()),
                analyses.vocabulary(),
                WindowPart.grids(model).stream()
                        .map(grid -> new Windows(grid.unit(), grid.windows(), grid.worstByLayer()))
                        .toList(),
                analyses.capacity().stream().filter(row -> row.layer() == null).toList(),
                analyses.notes());
    }

    private static Flow flow(FlowFigures pair) {
        return new Flow(
                pair.fromLayer(),
                pair.toLayer(),
                pair.count(),
                pair.excessShare(),
                pair.links().stream().limit(1).toList());
    }
}

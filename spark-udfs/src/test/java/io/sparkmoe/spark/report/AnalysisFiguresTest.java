package io.sparkmoe.spark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sparkmoe.spark.report.AnalysisModel.Coactivation;
import io.sparkmoe.spark.report.AnalysisModel.Domain;
import io.sparkmoe.spark.report.AnalysisModel.Transition;
import io.sparkmoe.spark.report.AnalysisModel.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The figures behind the sections, against values worked out by hand. */
class AnalysisFiguresTest {
    private static ReportModel model(int experts, AnalysisModel analyses) {
        ReportModel recorded = SampleReports.recorded();
        return new ReportModel(
                recorded.source(),
                new ReportModel.Model("m", experts, 2, List.of(0, 1), null),
                List.of(),
                recorded.overall(),
                List.of(),
                analyses,
                List.of(),
                recorded.run());
    }

    private static AnalysisModel windows(List<Window> windows) {
        return new AnalysisModel(List.of(), List.of(), List.of(), windows, List.of(), List.of(), List.of(), List.of());
    }

    private static AnalysisModel domains(List<Domain> domains) {
        return new AnalysisModel(List.of(), List.of(), List.of(), List.of(), List.of(), domains, List.of(), List.of());
    }

    /** Four experts, two a token: 0 with 1 and 2 with 3 in 40 tokens each, 0 with 2 in 20. */
    private static Coactivation pairs() {
        return new Coactivation(3, 100, new long[] {60, 40, 20, 0, 40, 40, 0, 0, 20, 0, 60, 40, 0, 0, 40, 40});
    }

    @Test
    void pairsGoByLiftAndTellHowManyWouldMove() {
        PairFigures figures = PairFigures.of(pairs(), 4);
        assertThat(figures.idsOfPairs()).isEqualTo(100);
        assertThat(figures.strongest().get(0))
                .isEqualTo(new PairFigures.Pair(3, 0, 1, 40, 40.0 / 60, 1, 40.0 / 60 * 2.5));
        assertThat(figures.strongest().stream().map(PairFigures.Pair::withExpert))
                .containsExactly(1, 3, 2);
        // Of 14,800 in products the six pairs have 2,400, 3,600, 2,400, 2,400, 1,600 and 2,400.
        double[] observed = {0.4, 0.2, 0, 0, 0, 0.4};
        double[] expected = {24, 36, 24, 24, 16, 24};
        double moved = IntStream.range(0, 6)
                .mapToDouble(i -> Math.abs(observed[i] - expected[i] / 148))
                .sum();
        assertThat(figures.excessShare()).isCloseTo(moved / 2, within(1e-12));
    }

    @Test
    void aMapHoldsTimesUniformOfBins() {
        PairMap map = new PairMap(pairs(), 4, 2.0 / 3);
        byte[] cells = map.ofIds(4);
        assertThat(cells).hasSize(10);
        assertThat(ratio(cells[1])).isCloseTo(40 * 100.0 / (60 * 40) * 1.5, within(0.05));
        assertThat(cells[0]).as("an expert with itself").isZero();
        assertThat(cells[4]).as("experts 2 and 1 never meet").isEqualTo((byte) 1);
        byte[] halves = map.of(new int[] {0, 1, 2, 3}, 2);
        assertThat(ratio(halves[1])).isCloseTo(20 * 100.0 / (36 + 24 + 24 + 16) / 100 * 1.5, within(0.02));
        byte[] apart = map.of(new int[] {0, 3, 1, 2}, 2);
        assertThat(apart[0]).as("experts 0 and 3 never meet").isEqualTo((byte) 1);
    }

    /** As the page reads a cell. */
    private static double ratio(byte cell) {
        return Math.pow(2, ((cell & 255) - 2) * 12 / 253.0 - 6);
    }

    @Test
    void packedRatiosAreWithinTwoPercent() {
        for (double ratio = 1 / 60.0; ratio < 60; ratio *= 1.1) {
            assertThat(ratio(PackedCells.of(ratio)) / ratio).isBetween(0.98, 1.02);
        }
        assertThat(PackedCells.of(Double.NaN)).isZero();
        assertThat(PackedCells.of(0)).isEqualTo((byte) 1);
        assertThat(PackedCells.of(1e-9)).isEqualTo((byte) 2);
        assertThat(PackedCells.of(Double.POSITIVE_INFINITY)).isEqualTo((byte) 255);
        assertThat(PackedCells.base64(new int[] {1, 258})).isEqualTo("AQACAQ==");
    }

    @Test
    void flowsStandOutFromWhatLoadsExplain() {
        FlowFigures figures = FlowFigures.of(new Transition(0, 1, new long[] {30, 10, 10, 50}), 2);
        assertThat(figures.count()).isEqualTo(100);
        assertThat(figures.excessShare()).isCloseTo(0.28, within(1e-12));
        assertThat(figures.links()).hasSize(2);
        FlowFigures.Link link = figures.links().get(0);
        assertThat(link.excess()).isCloseTo(14, within(1e-9));
        assertThat(link.shareOfRow()).isEqualTo(link.fromExpert() == 0 ? 0.75 : 50.0 / 60);
        FlowFigures none = FlowFigures.of(new Transition(0, 1, new long[] {8, 8, 8, 8}), 2);
        assertThat(none.excessShare()).isZero();
        assertThat(none.links()).isEmpty();
    }

    @Test
    void countsOfAnotherNumberOfExpertsAreRefused() {
        assertThatThrownBy(() -> PairFigures.of(new Coactivation(7, 1, new long[5]), 2))
                .hasMessage("co-activation of layer 7 has 5 counts, expected 2 * 2 of the model's experts");
        assertThatThrownBy(() -> FlowFigures.of(new Transition(7, 8, new long[5]), 2))
                .hasMessage("transitions from layer 7 to 8 have 5 counts, expected 2 * 2 of the model's experts");
        ReportModel model = model(4, domains(List.of(new Domain("code", 2, 1, new long[3]))));
        assertThatThrownBy(() -> DomainFigures.of(model))
                .hasMessage("domain code has 3 counts at layer 2, expected one for each of the model's 4 experts");
    }

    @Test
    void domainsGoByPreference() {
        DomainFigures figures = DomainFigures.of(model(
                4,
                domains(List.of(
                        new Domain("small", 0, 20, new long[] {20, 0, 10, 10}),
                        new Domain("large", 0, 80, new long[] {20, 60, 40, 40})))));
        assertThat(figures.domains()).containsExactly("large", "small");
        DomainFigures.Preference first = figures.strongest().get(0);
        assertThat(first).isEqualTo(new DomainFigures.Preference("small", 0, 0, 20, 1, 0.5, 2, 2.5));
        assertThat(figures.layers().get(0).byDomain()).containsExactly(1, 2, 3, 0);
        byte[] cells = figures.layers().get(0).cells(new int[] {0, 1, 2, 3}, 2, 2, 0.5);
        assertThat(cells).hasSize(6);
        assertThat(ratio(cells[0])).isCloseTo((0.4 + 0.6) / 2 / 0.5, within(0.02));
        assertThat(ratio(cells[4])).isCloseTo((1 + 0.0) / 2 / 0.5, within(0.02));
    }

    @Test
    void manyWindowsShowTheWorstOfAColumn() {
        List<Window> windows = new ArrayList<>();
        for (int w = 0; w < 3 * WindowGrid.MAX_COLUMNS; w++) {
            windows.add(new Window("step", 10L * w, 10L * w + 9, 5, new long[] {1, w == 100 ? 7 : 1}));
        }
        windows.add(new Window("step", 0, 9, 6, new long[2]));
        WindowGrid grid = WindowGrid.of(model(2, windows(windows)), "step");
        assertThat(grid.columns()).hasSize(WindowGrid.MAX_COLUMNS);
        assertThat(grid.columns().get(33)).containsExactly(990, 1019);
        assertThat(grid.windowsPerColumn()).isEqualTo(3);
        assertThat(grid.worstByLayer()).containsExactly(new WindowGrid.Peak(5, 33, 1.75, 1, 1000, 1009));
        assertThat(grid.medians()).hasSize(WindowGrid.MAX_COLUMNS).contains(1.0, 1.75);
    }
}

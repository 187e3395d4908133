package io.sparkmoe.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkmoe.spark.report.AnalysisModel.Agreement;
import io.sparkmoe.spark.report.AnalysisModel.Capacity;
import io.sparkmoe.spark.report.AnalysisModel.Comparison;
import io.sparkmoe.spark.report.AnalysisModel.Domain;
import io.sparkmoe.spark.report.AnalysisModel.LeftOut;
import io.sparkmoe.spark.report.AnalysisModel.Note;
import io.sparkmoe.spark.report.AnalysisModel.Window;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AnalysisPageTest {
    private static final int LIMIT = 5_000_000;
    private static final String HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u202Egnp";

    private static String render(ReportModel model) {
        return ReportPage.render(model, SampleReports.definitions());
    }

    /** A page without what is the same on all of them. */
    private static String own(ReportModel model) {
        return render(model).replace(Assets.echarts(), "").replace(Assets.script(), "");
    }

    private static AnalysisModel of(List<Comparison> comparisons, List<Domain> domains, List<Window> windows) {
        return new AnalysisModel(List.of(), List.of(), List.of(), windows, comparisons, domains, List.of(), List.of());
    }

    @Test
    void everyAnalysisHasItsSentenceSectionAndNotes() {
        String page = own(SampleReports.analysed());
        for (String id : List.of(
                "coactivation",
                "transitions",
                "comparison-0",
                "comparison-1",
                "domains",
                "vocabulary",
                "windows-0",
                "capacity")) {
            assertThat(page).contains("<section id=\"" + id + "\">").contains("<a href=\"#" + id + "\">");
        }
        assertThat(page)
                .contains("<dt>Co-activation</dt>", "<dt>Drift</dt>", "<dt>Mismatch</dt>", "<dt>Capacity</dt>")
                .contains("early against final: ")
                .contains("A sequence that only one side has is left out and counted.")
                .contains("1,281 tokens of one side or the other could not be compared.");
    }

    @Test
    void sectionsWithoutDataDoNotAppear() {
        ReportModel model = SampleReports.recorded();
        assertThat(own(model)).doesNotContain("id=\"coactivation\"", "data-comparison", "id=\"capacity\"");
        AnalysisModel noted = new AnalysisModel(
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                List.of(new Note("vocabulary", "The trace has no token ids.")));
        assertThat(own(SampleAnalyses.with(model, noted)))
                .contains("vocabulary: The trace has no token ids.")
                .doesNotContain("id=\"vocabulary\"");
    }

    /** The report of one analysis has no load, no padding and no words on them. */
    @Test
    void anAnalysisAloneMakesAPage() {
        ReportModel model = SampleReports.analysed();
        AnalysisModel drift = of(model.analyses().comparisons().subList(0, 1), List.of(), List.of());
        ReportModel alone = new ReportModel(
                model.source(), model.model(), List.of(), Map.of(), List.of(), drift, List.of(), model.run());
        assertThat(own(alone))
                .contains("<section id=\"comparison-0\">")
                .doesNotContain("No layer has a single id", "id=\"experts\"", "id=\"heat\"", "NaN");
    }

    @Test
    void comparedFilesGoByWhatTellsThemApart() {
        Comparison drift = SampleReports.analysed().analyses().comparisons().get(0);
        List<LeftOut> none = List.of();
        Comparison files = new Comparison(
                "drift",
                "s3a://b/runs/1/x.parquet",
                "s3a://b/runs/2/x.parquet",
                10_000,
                9_999,
                9_999,
                drift.layers(),
                none);
        assertThat(own(SampleAnalyses.with(SampleReports.recorded(), of(List.of(files), List.of(), List.of()))))
                .contains("Drift: 1/x.parquet against 2/x.parquet")
                .contains("and over 99.9\u00a0% of 10,000 tokens at one layer at least");
    }

    @Test
    void windowsOfTimeCompareLoadAlone() {
        Agreement first = new Agreement(3, 2, 0, 0, 0, 0, null, 0, 0.998);
        Agreement second = new Agreement(4, 2, 0, 0, 0, 0, null, 0, 0.875);
        Comparison windows = new Comparison("drift", "a", "b", 0, 0, 0, List.of(first, second), List.of());
        assertThat(own(SampleAnalyses.with(SampleReports.recorded(), of(List.of(windows), List.of(), List.of()))))
                .contains("Only expert load is compared; its cosine is lowest at layer 4: 0.875.");
    }

    @Test
    void undefinedFiguresAreDashesAndNulls() throws Exception {
        Comparison nothing = new Comparison(
                "drift",
                "a",
                "b",
                0,
                0,
                0,
                List.of(new Agreement(0, 2, 0, 0, 0, 0, null, 5, null)),
                List.of(new LeftOut("other length", 2, 10)));
        ReportModel model = SampleAnalyses.with(
                SampleReports.recorded(),
                of(
                        List.of(nothing),
                        List.of(new Domain("empty", 1, 0, new long[64])),
                        List.of(new Window("step", 0, 9, 1, new long[64]))));
        assertThat(own(model))
                .contains("No token could be compared.", "other length")
                .doesNotContain("NaN", "Infinity", "id=\"domains\"", "id=\"windows-0\"");
        JsonNode data = new ObjectMapper().readTree(PageData.of(model, AnalysisParts.of(model)));
        assertThat(data.at("/analyses/comparison-0/saturation/0").isNull()).isTrue();
        SummaryJsonTest.summary(model);
    }

    @Test
    void escapesForeignTextEverywhere() {
        ReportModel model = SampleReports.recorded();
        AnalysisModel sample = SampleAnalyses.of(model, 2, false, 4, List.of(HOSTILE, "plain"));
        Comparison first = sample.comparisons().get(0);
        Comparison named = new Comparison(
                HOSTILE,
                HOSTILE,
                HOSTILE,
                first.tokens(),
                first.tokensDiffering(),
                first.differingLayers(),
                first.layers(),
                List.of(new LeftOut(HOSTILE, 1, 2)));
        List<Capacity> capacity = List.of(new Capacity(null, HOSTILE, 8, 1.25, 1, 64, 80, 3));
        List<Window> windows =
                List.of(new Window(HOSTILE, 0, 9, 1, model.layers().get(0).counts()));
        String page = own(SampleAnalyses.with(
                model,
                new AnalysisModel(
                        sample.coactivation(),
                        sample.transitions(),
                        capacity,
                        windows,
                        List.of(named),
                        sample.domains(),
                        sample.vocabulary(),
                        List.of(new Note("comparison", HOSTILE), new Note(HOSTILE, HOSTILE)))));
        assertThat(page)
                .doesNotContain("<script>alert", "<img", "\u202E")
                .contains("&lt;/script&gt;&lt;script&gt;alert(1)", "\\u003c/script>");
    }

    /** The largest model, every pair of layers, counts, windows and domains without end: one page all the same. */
    @Test
    void staysSmallForTheLargestModelAndTheLongestCounts() {
        ReportModel large = SampleReports.skewed("large", 92, 1024, 1L << 50, 1);
        AnalysisModel sample = SampleAnalyses.of(large, 1, false, 1, List.of("domain"));
        List<Domain> domains = new ArrayList<>();
        List<Window> windows = new ArrayList<>();
        for (ReportModel.Layer layer : large.layers()) {
            for (int i = 0; i < 120; i++) {
                domains.add(new Domain("\u202E".repeat(2_000) + i, layer.layer(), layer.ids(), layer.counts()));
                windows.add(new Window("step", 1L << 50, (1L << 50) + i, layer.layer(), layer.counts()));
                windows.add(
                        new Window("step", (1L << 50) + 10L * i, (1L << 50) + 10L * i, layer.layer(), layer.counts()));
            }
        }
        Comparison comparison = sample.comparisons().get(0);
        Comparison wide = new Comparison(
                "drift",
                "l".repeat(9_000),
                "r".repeat(9_000),
                1L << 50,
                1L << 49,
                1L << 54,
                comparison.layers(),
                Collections.nCopies(5_000, new LeftOut("reason ".repeat(900), 1L << 40, 1L << 50)));
        AnalysisModel analyses = new AnalysisModel(
                coactivation(sample, large),
                pairs(sample, large),
                sample.capacity(),
                windows,
                Collections.nCopies(500, wide),
                domains,
                sample.vocabulary(),
                Collections.nCopies(5_000, new Note("domains", "note ".repeat(2_000))));
        String page = render(SampleAnalyses.with(large, analyses));
        assertThat(page.getBytes(StandardCharsets.UTF_8).length).isLessThan(LIMIT);
        assertThat(page)
                .contains("of 92 layers whose pairs differ most")
                .contains("Flows are drawn for the 96 of 270 pairs of layers")
                .contains("Drawn are the 16 of 120 domains with the most tokens")
                .contains("496 more comparisons in summary.json.");
    }

    /** The first few layers with every later one, and every layer's pairs, of few matrices: making each takes long. */
    private static List<AnalysisModel.Transition> pairs(AnalysisModel sample, ReportModel model) {
        long[] made = sample.transitions().get(0).counts();
        List<AnalysisModel.Transition> pairs = new ArrayList<>();
        for (int from = 0; from < 3; from++) {
            for (int to = from + 1; to < 92; to++) {
                pairs.add(new AnalysisModel.Transition(
                        model.layers().get(from).layer(), model.layers().get(to).layer(), made));
            }
        }
        return pairs;
    }

    private static List<AnalysisModel.Coactivation> coactivation(AnalysisModel sample, ReportModel model) {
        AnalysisModel.Coactivation made = sample.coactivation().get(0);
        return model.layers().stream()
                .map(layer -> new AnalysisModel.Coactivation(layer.layer(), made.tokens(), made.tokenCounts()))
                .toList();
    }

    @Test
    void theSummaryHoldsTotalsAndNoMatrix() throws Exception {
        ReportModel model = SampleReports.analysed();
        JsonNode analyses = SummaryJsonTest.summary(model).get("analyses");
        assertThat(analyses.fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder(
                        "coactivation",
                        "transitions",
                        "comparisons",
                        "domains",
                        "vocabulary",
                        "windows",
                        "capacity",
                        "notes");
        assertThat(analyses.toString())
                .doesNotContain("token_counts", "\"counts\"")
                .hasSizeLessThan(40_000);
        assertThat(analyses.get("coactivation")).hasSize(8);
        assertThat(analyses.at("/transitions/0/strongest")).hasSize(1);
        assertThat(analyses.at("/comparisons/1/tokens_differing").asLong())
                .isEqualTo(model.analyses().comparisons().get(1).tokensDiffering());
        assertThat(analyses.at("/domains/totals")).hasSize(6);
        assertThat(analyses.at("/windows/0/worst")).hasSize(8);
        assertThat(analyses.get("capacity")).hasSize(60);
    }
}

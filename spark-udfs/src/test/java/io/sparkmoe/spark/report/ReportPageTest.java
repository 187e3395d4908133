package io.sparkmoe.spark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReportPageTest {
    private static final int LIMIT = 5_000_000;
    private static final String HOSTILE =
            "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u202Egnp.exe";

    /** The page less its two scripts, which are the same on every page. */
    private static String render(ReportModel model) {
        return ReportPage.render(model, SampleReports.definitions())
                .replace(Assets.echarts(), "")
                .replace(Assets.script(), "");
    }

    @Test
    void holdsTheAnswerFirst() {
        String page = render(SampleReports.recorded());
        assertThat(page)
                .contains("Layer 8 is the most imbalanced: its busiest expert carries 2.16× the mean load.")
                .contains("Expert 14 of layer 8 takes 3.38\u00a0% of that layer's ids")
                .contains("16,858 tokens of 34 sequences were read")
                .contains("The audit has 2 remarks on 1 source.");
        assertThat(page.indexOf("id=\"findings\"")).isLessThan(page.indexOf("id=\"heat\""));
    }

    @Test
    void cachedTokensAreListedAndNoRemark() {
        ReportModel.AuditLine cached = new ReportModel.AuditLine("a.jsonl", "cached", 1, 2, 3);
        ReportModel model = SampleReports.recorded();
        assertThat(render(SampleReports.model("cached", model.layers(), List.of(cached))))
                .contains("The audit found nothing wrong.", "<bdi>cached</bdi>")
                .doesNotContain("remark on");
    }

    @Test
    void carriesEChartsUnmodifiedWithItsNotices() {
        assertThat(ReportPage.render(SampleReports.recorded(), Map.of()))
                .contains(Assets.echarts())
                .contains("Apache ECharts\nCopyright 2017-2023 The Apache Software Foundation")
                .contains("TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION");
    }

    @Test
    void namesNoAddressThatABrowserWouldFetch() {
        String page = render(SampleReports.recorded());
        String own = page.replace(Assets.echarts(), "").replace(Assets.script(), "");
        assertThat(own)
                .doesNotContainPattern("(?i)<(link|img|iframe|object|embed|base|form)\\b|\\ssrc=|@import|url\\(");
        assertThat(own)
                .contains("default-src 'none'")
                .doesNotContain("unsafe-inline")
                .doesNotContain("unsafe-eval");
    }

    @Test
    void escapesForeignTextEverywhere() {
        assertThat(render(SampleReports.named(SampleReports.recorded(), HOSTILE)))
                .doesNotContain("<script>alert")
                .doesNotContain("<img")
                .doesNotContain("\u202E")
                .contains("&lt;/script&gt;&lt;script&gt;alert(1)")
                .contains("\\u202egnp.exe");
    }

    @Test
    void dataOfAHostilePhaseCannotEndItsScriptElement() {
        ReportModel model = SampleReports.recorded();
        ReportModel hostile = new ReportModel(
                model.source(),
                model.model(),
                model.layers(),
                model.overall(),
                List.of(new ReportModel.Padding(null, HOSTILE, 8, 16, 1, 1, 16, 8)),
                AnalysisModel.NONE,
                model.audit(),
                model.run());
        assertThat(PageData.of(hostile, List.of())).doesNotContain("<").contains("\\u003c/script>");
    }

    @Test
    void staysSmallForTheLargestModelAndTheLongestCounts() {
        ReportModel large = SampleReports.skewed("large", 92, 1024, 1L << 50, 1);
        ReportModel.AuditLine line = new ReportModel.AuditLine("f".repeat(5_000), "r".repeat(5_000), 1, 1, 1);
        ReportModel worst = new ReportModel(
                large.source(),
                large.model(),
                large.layers(),
                large.overall(),
                large.padding(),
                AnalysisModel.NONE,
                Collections.nCopies(50_000, line),
                large.run());
        String page = ReportPage.render(worst, SampleReports.definitions());
        assertThat(page.getBytes(StandardCharsets.UTF_8).length).isLessThan(LIMIT);
        assertThat(page).contains("49,800 more rows in tables/audit.");
    }

    @Test
    void leavesOutPaddingByLayerWhenThereIsTooMuch() {
        ReportModel model = SampleReports.recorded();
        List<ReportModel.Padding> many = IntStream.range(0, PageData.MAX_PADDING + 1)
                .mapToObj(i -> new ReportModel.Padding(i == 0 ? null : i, "decode", 8, 16, 1, 1, 16, 8))
                .toList();
        ReportModel padded = new ReportModel(
                model.source(),
                model.model(),
                model.layers(),
                model.overall(),
                many,
                AnalysisModel.NONE,
                model.audit(),
                model.run());
        assertThat(PageData.of(padded, List.of())).contains("\"padding\":[[-1,0,8,16,1,1,16,8]]");
        assertThat(render(padded))
                .doesNotContain("<select")
                .contains("At 8 tokens a pass, block size 16 wastes 50.0\u00a0%");
    }

    @Test
    void rendersWithoutAnyIds() {
        ReportModel model = SampleReports.recorded();
        ReportModel empty = new ReportModel(
                model.source(),
                new ReportModel.Model("", 4, 2, List.of(), null),
                List.of(new ReportModel.Layer(0, new long[4], Map.of())),
                Map.of(),
                List.of(),
                AnalysisModel.NONE,
                List.of(),
                model.run());
        assertThat(render(empty))
                .contains("Unnamed model")
                .contains("No layer has a single id,")
                .contains("Nothing was found wrong with the input.")
                .doesNotContain("id=\"heat\"")
                .doesNotContain("NaN");
    }

    @Test
    void rendersOneExpert() {
        ReportModel one = SampleReports.model("one", List.of(SampleReports.layer(0, 8)), List.of());
        assertThat(render(one)).contains("carries 1.00× the mean load.").doesNotContain("NaN");
    }

    @Test
    void doesNotDependOnTheLocale() {
        String page = render(SampleReports.recorded());
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertThat(render(SampleReports.recorded())).isEqualTo(page);
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void showsUndefinedMetricsAsADash() {
        ReportModel.Layer layer = SampleReports.layer(0, 1, 2, 3, 2);
        layer.metrics().put("gini", null);
        layer.metrics().put("my_metric", 0.25);
        String page = render(SampleReports.model("m", List.of(layer), List.of()));
        assertThat(page).contains("my_metric").contains("0.2500");
    }

    @Test
    void refusesLayersThatDoNotCountEveryExpert() {
        ReportModel.Layer shortLayer = new ReportModel.Layer(7, new long[3], Map.of());
        ReportModel.Layer good = SampleReports.layer(6, 1, 2, 3, 2);
        assertThatThrownBy(() -> SampleReports.model("m", Arrays.asList(good, shortLayer), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("layer 7 has 3 counts, expected one for each of the model's 4 experts");
    }
}

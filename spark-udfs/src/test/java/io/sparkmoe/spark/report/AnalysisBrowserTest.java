package io.sparkmoe.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkmoe.core.metrics.CoactivationMetrics;
import io.sparkmoe.spark.report.AnalysisModel.Coactivation;
import io.sparkmoe.spark.report.AnalysisModel.Domain;
import io.sparkmoe.spark.report.AnalysisModel.Window;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;

/** Uses the sections on analyses as a reader does, and holds what they show against the model's counts. */
class AnalysisBrowserTest {
    private static final ReportModel MODEL = SampleReports.analysed();
    private static final int EXPERTS = MODEL.model().numExperts();

    @TempDir
    static Path folder;

    private static ReportBrowser browser;

    @BeforeAll
    static void start() throws Exception {
        ReportBrowser.require();
        browser = ReportBrowser.start(Files.createDirectory(folder.resolve("profile")));
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    private static void open(String name, ReportModel model) throws Exception {
        Path page = ReportBrowser.write(folder, name + ".html", ReportPage.render(model, SampleReports.definitions()));
        browser.drainLogs();
        browser.open(page);
    }

    private static void choose(String section, String label) {
        browser.driver.findElements(By.cssSelector("#" + section + "-choice option")).stream()
                .filter(option -> option.getText().equals(label))
                .findFirst()
                .orElseThrow()
                .click();
    }

    /** Away from the window's edge first, where the page's head may lie over the button. */
    private static void press(String id) {
        WebElement button = browser.driver.findElement(By.id(id));
        browser.driver.executeScript("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button);
        button.click();
    }

    private static String text(String selector) {
        return browser.driver.findElement(By.cssSelector(selector)).getText();
    }

    /** What stands after a name in a tooltip. */
    private static double number(String tip, String name) {
        Matcher matcher = Pattern.compile(name + "\n([0-9.,]+)").matcher(tip);
        assertThat(matcher.find()).as(tip).isTrue();
        return Double.parseDouble(matcher.group(1).replace(",", ""));
    }

    @Test
    void pairsTellTheirLiftInEitherOrder() throws Exception {
        open("pairs", MODEL);
        choose("coactivation", "Layer 3");
        assertThat(text("#coactivation-head")).isEqualTo("Strongest pairs of layer 3");
        Coactivation layer = MODEL.analyses().coactivation().get(2);
        press("coactivation-by-id");
        String tip = browser.hover("coactivation-map", 40, 7);
        assertThat(tip).startsWith("Expert 7 with expert 40");
        assertLift(layer, 7, 40, tip);
        press("coactivation-clustered");
        String clustered = browser.hover("coactivation-map", 1, 0);
        Matcher experts = Pattern.compile("Expert (\\d+) with expert (\\d+)").matcher(clustered);
        assertThat(experts.find()).as(clustered).isTrue();
        assertLift(layer, Integer.parseInt(experts.group(1)), Integer.parseInt(experts.group(2)), clustered);
        assertThat(number(clustered, "Times uniform"))
                .as("neighbours of a cluster")
                .isGreaterThan(1.2);
        browser.assertQuiet("pairs.html");
    }

    private static void assertLift(Coactivation layer, int i, int j, String tip) {
        long[] counts = layer.tokenCounts();
        double lift = Objects.requireNonNull(CoactivationMetrics.lift(
                counts[i * EXPERTS + j], counts[i * EXPERTS + i], counts[j * EXPERTS + j], layer.tokens()));
        assertThat(number(tip, "Lift") / lift).as(tip).isBetween(0.97, 1.03);
    }

    @Test
    void flowsFollowTheChosenLayersAndTheOverview() throws Exception {
        open("flows", MODEL);
        choose("transitions", "Layer 4 to 5");
        assertThat(text("#transitions-said")).contains("from layer 4 to 5 that stand out most");
        FlowFigures.Link link = FlowFigures.of(MODEL.analyses().transitions().get(3), EXPERTS)
                .links()
                .get(0);
        browser.driver.executeScript("const el = document.getElementById('transitions-flow');"
                + "echarts.getInstanceByDom(el).dispatchAction({type: 'showTip', seriesIndex: 0, dataIndex: 0,"
                + " dataType: 'edge', position: [10, 10]});");
        String shown = (String) browser.driver.executeScript(
                "return echarts.getInstanceByDom(document.getElementById('transitions-flow')).getOption()"
                        + ".series[0].links[0].link.slice(0, 3).join(' ')");
        assertThat(shown).isEqualTo(link.fromExpert() + " " + link.toExpert() + " " + link.count());
        browser.driver.executeScript("echarts.getInstanceByDom(document.getElementById('transitions-overview'))"
                + ".trigger('click', {data: {pair: [6, 7]}})");
        assertThat(text("#transitions-said")).contains("from layer 6 to 7 that stand out most");
        assertThat(browser.driver.findElement(By.id("transitions-choice")).getDomProperty("value"))
                .isEqualTo("5");
        browser.assertQuiet("flows.html");
    }

    @Test
    void domainsTellTheirShares() throws Exception {
        open("domains", MODEL);
        choose("domains", "Layer 2");
        press("domains-by-id");
        List<Domain> domains = MODEL.analyses().domains().stream()
                .filter(domain -> domain.layer() == 2)
                .toList();
        Domain code = domains.stream()
                .filter(domain -> domain.domain().equals("code"))
                .findFirst()
                .orElseThrow();
        String tip = browser.hover("domains-map", 9, 2);
        assertThat(tip).startsWith("code, expert 9");
        double share = (double) code.counts()[9] / code.tokens();
        assertThat(number(tip, "Share of its tokens") / 100 / share).isBetween(0.97, 1.03);
        press("domains-all");
        press("domains-ordered");
        assertThat(number(browser.hover("domains-map", 0, 2), "Times all domains"))
                .as("the expert that code prefers most")
                .isGreaterThan(1.2);
        browser.assertQuiet("domains.html");
    }

    @Test
    void windowsTellTheirBusiestExpert() throws Exception {
        open("windows", MODEL);
        Window window = MODEL.analyses().windows().stream()
                .filter(candidate -> candidate.layer() == 5 && candidate.from() == 1_200)
                .findFirst()
                .orElseThrow();
        int busiest = IntStream.range(0, EXPERTS)
                .reduce((a, b) -> window.counts()[b] > window.counts()[a] ? b : a)
                .orElseThrow();
        double imbalance = window.counts()[busiest]
                * (double) EXPERTS
                / Arrays.stream(window.counts()).sum();
        for (String held : List.of("windows-0-usual", "windows-0-mean")) {
            press(held);
            assertThat(browser.hover("windows-0-map", 12, 4))
                    .contains("Layer 5, steps 1,200 to 1,299", "Busiest expert\n" + busiest)
                    .contains(String.format(Locale.ROOT, "%.2f×", imbalance));
        }
        browser.assertQuiet("windows.html");
    }

    @Test
    void curvesFollowTheirSelectors() throws Exception {
        open("curves", MODEL);
        choose("capacity", "Layer 3");
        choose("vocabulary", "Layer 8");
        assertThat(browser.hover("capacity-0", 1, 0))
                .startsWith("Capacity factor 1.25")
                .contains("64 tokens a pass");
        assertThat(browser.hover("vocabulary-histogram", 7, 0))
                .contains(
                        "Top share 35 to 40",
                        "Token ids\n"
                                + String.format(
                                        Locale.ROOT,
                                        "%,d",
                                        MODEL.analyses().vocabulary().get(7).histogram()[7]));
        assertThat(browser.hover("comparison-0-lines", 3, 1)).contains("Layer 4", "cosine of load", "same set");
        assertThat(browser.hover("windows-0-band", 3, 2)).contains("Steps 300 to 399", "Middle layer");
        browser.assertQuiet("curves.html");
    }

    /** Elements that reach over the page's right end, other than inside what scrolls, once the charts are redrawn. */
    private static List<?> standingOut() {
        return (List<?>) browser.driver.executeAsyncScript("const done = arguments[0];"
                + "const next = () => requestAnimationFrame(() => requestAnimationFrame(() => done("
                + "[...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll, .tip')"
                + " && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"
                + ".map(e => e.tagName + '#' + e.id + '.' + e.className))));"
                + "requestAnimationFrame(next);");
    }

    @Test
    void theLargestModelWorksInDarkColoursAndOnNarrowScreens() throws Exception {
        ReportModel large = SampleReports.skewed("large", 6, 1024, 40_000_000, 3);
        browser.prefer("prefers-color-scheme", "dark");
        try {
            open("large", SampleAnalyses.with(large, SampleAnalyses.of(large, 9, true, 200, List.of("a", "b"))));
            assertThat(browser.hover("coactivation-map", 100, 3))
                    .contains("Times uniform")
                    .contains("with experts");
            press("coactivation-by-id");
            assertThat(browser.hover("coactivation-map", 63, 0))
                    .startsWith("Experts 0, 1, 2, 3, 4, 5, 6, 7 and 8 more");
            assertThat(browser.hover("domains-map", 127, 2)).startsWith("a, experts");
            assertThat(browser.hover("transitions-overview", 5, 0)).startsWith("Layer 3 to 8");
            browser.driver.executeCdpCommand(
                    "Emulation.setDeviceMetricsOverride",
                    Map.of("width", 420, "height", 900, "deviceScaleFactor", 1, "mobile", false));
            assertThat(standingOut()).isEmpty();
            browser.assertQuiet("large.html");
        } finally {
            browser.driver.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
            browser.prefer("prefers-color-scheme", "light");
        }
    }
}

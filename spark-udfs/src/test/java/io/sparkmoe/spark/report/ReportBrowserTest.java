package io.sparkmoe.spark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** Opens the page as a reader does, and holds what it shows against summary.json. */
class ReportBrowserTest {
    private static final String HOSTILE = "</script><script>alert(1)</script><b onclick=alert(2)>\"'&\u202Egnp.exe";

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

    @Test
    void tooltipsTellTheCountsOfTheSummary() throws Exception {
        JsonNode summary = open("hover", SampleReports.recorded());
        for (int[] cell : new int[][] {{0, 0}, {14, 7}, {63, 3}}) {
            assertTooltip(summary, cell[0], cell[1], hover("heat", cell[0], cell[1]));
        }
        browser.driver.findElement(By.id("order-load")).click();
        JsonNode hottest = summary.at("/highlights/hottest_experts/0");
        assertThat(hover("heat", 0, 7))
                .startsWith("Layer 8, expert " + hottest.get("expert").asInt());
        assertQuiet("hover");
    }

    private static void assertTooltip(JsonNode summary, int expert, int row, String shown) {
        JsonNode layer = summary.get("layers").get(row);
        long count = layer.get("counts").get(expert).asLong();
        double share = (double) count / total(layer);
        assertThat(shown)
                .contains("Layer " + layer.get("layer").asInt() + ", expert " + expert)
                .contains("Ids\n" + String.format(Locale.ROOT, "%,d", count))
                .contains(String.format(Locale.ROOT, "%.2f", 100 * share))
                .contains(String.format(Locale.ROOT, "%.2f×", share * 64));
    }

    @Test
    void headAndTablesShowTheSummary() throws Exception {
        JsonNode summary = open("numbers", SampleReports.recorded());
        JsonNode hottest = summary.at("/highlights/hottest_experts/0");
        assertThat(tile("tokens")).isEqualTo(grouped(summary.at("/source/tokens")));
        assertThat(tile("sequences")).isEqualTo(grouped(summary.at("/source/sequences")));
        assertThat(tile("imbalance"))
                .isEqualTo(String.format(
                        Locale.ROOT, "%.2f×", hottest.get("times_uniform").asDouble()));
        List<WebElement> rows = browser.driver.findElements(By.cssSelector("#layers tbody tr"));
        assertThat(rows).hasSameSizeAs(summary.get("layers"));
        for (int row = 0; row < rows.size(); row++) {
            JsonNode layer = summary.get("layers").get(row);
            List<String> cells = texts(rows.get(row), "td");
            assertThat(cells.get(0)).isEqualTo(layer.get("layer").asText());
            assertThat(cells.get(1)).isEqualTo(String.format(Locale.ROOT, "%,d", total(layer)));
            assertThat(Double.parseDouble(cells.get(4)))
                    .isEqualTo(layer.at("/metrics/cv").asDouble(), within(0.0005));
        }
        List<String> first = texts(browser.driver.findElement(By.cssSelector("#hottest tbody tr")), "td");
        assertThat(first.subList(1, 4))
                .containsExactly(
                        hottest.get("layer").asText(), hottest.get("expert").asText(), grouped(hottest.get("count")));
        assertThat(browser.driver.findElements(By.cssSelector("#audit tbody tr")))
                .hasSameSizeAs(summary.get("audit"));
        assertThat(browser.driver.findElements(By.cssSelector("#padding tbody tr")))
                .hasSize(50);
        assertQuiet("numbers");
    }

    @Test
    void tablesSortByAClick() throws Exception {
        open("sort", SampleReports.recorded());
        WebElement heading = browser.driver.findElement(By.cssSelector("#layers th:nth-child(3) [role=button]"));
        heading.click();
        assertThat(layerColumn()).startsWith("8", "1", "2");
        heading.sendKeys(Keys.ENTER);
        assertThat(layerColumn()).endsWith("2", "1", "8");
        assertQuiet("sort");
    }

    @Test
    void paddingFollowsTheChosenLayer() throws Exception {
        JsonNode summary = open("padding", SampleReports.recorded());
        browser.driver
                .findElement(By.cssSelector("#padding-layer option[value='3']"))
                .click();
        String shown = hover("waste-0", 2, 4);
        for (JsonNode row : summary.get("padding")) {
            if (row.get("layer").asInt(-1) == 3
                    && row.get("phase").asText().equals("prefill")
                    && row.get("tokens_per_pass").asInt() == 4096
                    && row.get("block_size").asInt() == 64) {
                assertThat(shown)
                        .contains("Slots\n" + grouped(row.get("slots")))
                        .contains("Used\n" + grouped(row.get("used")));
                assertQuiet("padding");
                return;
            }
        }
        throw new AssertionError("the sample lacks the padding row that the test looks for");
    }

    @Test
    void hostileNamesStayText() throws Exception {
        open("hostile", SampleReports.named(SampleReports.recorded(), HOSTILE));
        String shown = HOSTILE.replace("\u202E", "\\u202e");
        assertThat(browser.driver.findElement(By.tagName("h1")).getText()).isEqualTo(shown);
        assertThat(texts(browser.driver.findElement(By.cssSelector("#audit tbody tr")), "td"))
                .startsWith(shown, shown);
        assertThat(browser.driver.findElements(By.tagName("b"))).isEmpty();
        assertQuiet("hostile");
    }

    @Test
    void theLargestModelAndDarkColoursWorkToo() throws Exception {
        browser.prefer("prefers-color-scheme", "dark");
        try {
            JsonNode summary = open("large", SampleReports.skewed("large", 92, 1024, 40_000_000, 3));
            assertThat(Files.size(folder.resolve("large.html"))).isLessThan(5_000_000);
            // A cell is about a pixel wide here: the pointer may rest on a neighbour, whose numbers must be right then.
            String shown = hover("heat", 500, 40);
            Matcher title = Pattern.compile("Layer 43, expert (\\d+)").matcher(shown);
            assertThat(title.find()).as(shown).isTrue();
            int expert = Integer.parseInt(title.group(1));
            assertThat(expert).isBetween(498, 502);
            JsonNode layer = summary.get("layers").get(40);
            assertThat(shown).contains("Ids\n" + grouped(layer.get("counts").get(expert)));
            assertQuiet("large");
        } finally {
            browser.prefer("prefers-color-scheme", "light");
        }
    }

    @Test
    void printingRedrawsAndRestoresTheCharts() throws Exception {
        open("print", SampleReports.recorded());
        browser.driver.executeScript("dispatchEvent(new Event('beforeprint'))");
        assertThat(width("heat")).isLessThanOrEqualTo(690);
        browser.driver.executeScript("dispatchEvent(new Event('afterprint'))");
        assertThat(width("heat")).isGreaterThan(690);
        assertQuiet("print");
    }

    private static JsonNode open(String name, ReportModel model) throws Exception {
        Path page = folder.resolve(name + ".html");
        Files.writeString(page, ReportPage.render(model, SampleReports.definitions()));
        browser.drainLogs();
        browser.open(page);
        return SummaryJsonTest.summary(model);
    }

    private static void assertQuiet(String name) {
        browser.assertQuiet(name + ".html");
    }

    private static String hover(String chart, int column, int row) {
        return browser.hover(chart, column, row);
    }

    private static long width(String chart) {
        return (Long) browser.driver.executeScript(
                "return echarts.getInstanceByDom(document.getElementById(arguments[0])).getWidth()", chart);
    }

    private static List<String> layerColumn() {
        return texts(browser.driver.findElement(By.cssSelector("#layers tbody")), "td:first-child");
    }

    private static List<String> texts(WebElement element, String selector) {
        return element.findElements(By.cssSelector(selector)).stream()
                .map(WebElement::getText)
                .toList();
    }

    private static String tile(String key) {
        return browser.driver
                .findElement(By.cssSelector("[data-key='" + key + "'] .value"))
                .getText();
    }

    private static String grouped(JsonNode number) {
        return String.format(Locale.ROOT, "%,d", number.asLong());
    }

    private static long total(JsonNode layer) {
        long total = 0;
        for (JsonNode count : layer.get("counts")) {
            total += count.asLong();
        }
        return total;
    }
}

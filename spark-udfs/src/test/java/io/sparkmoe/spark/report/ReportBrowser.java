package io.sparkmoe.spark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A headless Chromium with a profile of its own, as Debian and Ubuntu package it. */
final class ReportBrowser implements AutoCloseable {
    private static final File CHROMIUM = new File("/usr/bin/chromium");
    private static final File DRIVER = new File("/usr/bin/chromedriver");

    final ChromeDriver driver;

    private ReportBrowser(ChromeDriver driver) {
        this.driver = driver;
    }

    /** Skips the calling test where there is no Chromium, or fails it with {@code -Dbrowser.required=true}. */
    static void require() {
        String reason = "no " + CHROMIUM + " and " + DRIVER
                + ": install the packages chromium and chromium-driver to run the report's browser tests";
        boolean present = CHROMIUM.canExecute() && DRIVER.canExecute();
        if (!present && Boolean.getBoolean("browser.required")) {
            fail(reason);
        }
        if (!present) {
            System.out.println("SKIPPED: " + reason);
        }
        Assumptions.assumeTrue(present, reason);
    }

    static ReportBrowser start(Path profile, String... more) {
        ChromeOptions options = new ChromeOptions();
        options.setBinary(CHROMIUM);
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--force-color-profile=srgb",
                "--force-prefers-reduced-motion",
                "--window-size=1280,900",
                "--user-data-dir=" + profile);
        options.addArguments(more);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        ChromeDriverService service =
                new ChromeDriverService.Builder().usingDriverExecutable(DRIVER).build();
        ChromeDriver driver = new ChromeDriver(service, options);
        driver.get("about:blank"); // The browser's own first page would go on loading, into the log of requests.
        return new ReportBrowser(driver);
    }

    void open(Path page) {
        driver.get(page.toUri().toString());
    }

    /** Messages of the console, of any level: script errors and violations of the policy among them. */
    List<String> console() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .map(LogEntry::toString)
                .toList();
    }

    /** Whatever the page asked for, as the DevTools protocol reports it. */
    List<String> requests() {
        return driver.manage().logs().get(LogType.PERFORMANCE).getAll().stream()
                .map(LogEntry::getMessage)
                .filter(message -> message.contains("\"Network.requestWillBeSent\""))
                .toList();
    }

    /** Forgets what the logs hold so far: reading them empties them. */
    void drainLogs() {
        console();
        requests();
    }

    /** Pretends a preference of the user, such as prefers-color-scheme: dark. */
    void prefer(String feature, String value) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia", Map.of("features", List.of(Map.of("name", feature, "value", value))));
    }

    /** The pixel of a chart's cell, given by column and row, in the window. */
    int[] cell(String chart, int column, int row) {
        @SuppressWarnings("unchecked")
        List<Number> at = (List<Number>) driver.executeScript(
                "const el = document.getElementById(arguments[0]);"
                        + "const at = echarts.getInstanceByDom(el).convertToPixel({seriesIndex: 0}, [arguments[1], arguments[2]]);"
                        + "const box = el.getBoundingClientRect();"
                        + "return [box.left + at[0], box.top + at[1]];",
                chart,
                column,
                row);
        return at.stream().mapToInt(n -> (int) Math.round(n.doubleValue())).toArray();
    }

    /** The tooltip of a chart's cell, given by column and row, with the pointer on it. */
    String hover(String chart, int column, int row) {
        WebElement element = driver.findElement(By.id(chart));
        driver.executeScript("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element);
        int[] cell = cell(chart, column, row);
        new Actions(driver).moveToLocation(cell[0], cell[1]).perform();
        WebElement tip = driver.findElement(By.cssSelector("#" + chart + " .tip"));
        assertThat(tip.isDisplayed())
                .as("tooltip of %s at column %d, row %d", chart, column, row)
                .isTrue();
        return tip.getText();
    }

    /** The console is empty, and the page itself is all that was asked for. */
    void assertQuiet(String page) {
        assertThat(console()).isEmpty();
        assertThat(requests()).hasSize(1).first().asString().contains(page);
    }

    @Override
    public void close() {
        driver.quit();
    }

    static Path write(Path folder, String name, String page) throws java.io.IOException {
        return Files.writeString(folder.resolve(name), page);
    }
}

package io.sparkmoe.spark.report;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;

/**
 * Draws the report in light, dark, narrow and print form for a person to look at, whole and section by section:
 * {@code ReportPictures FOLDER [small | middle | large]...}.
 */
final class ReportPictures {
    private ReportPictures() {}

    public static void main(String[] args) throws Exception {
        Path folder = Files.createDirectories(Path.of(args[0]).toAbsolutePath());
        List<String> names =
                args.length > 1 ? List.of(args).subList(1, args.length) : List.of("small", "middle", "large");
        for (String name : names) {
            draw(folder, name, sample(name));
        }
    }

    private static ReportModel sample(String name) {
        return switch (name) {
            case "small" -> SampleReports.analysed();
            case "middle" -> analysed(SampleReports.skewed("middle-moe-58x256", 58, 256, 3_000_000, 11), true);
            case "large" -> analysed(SampleReports.skewed("large-moe-92x1024", 92, 1024, 40_000_000, 7), false);
            default -> throw new IllegalArgumentException("no sample " + name + ": small, middle or large");
        };
    }

    private static ReportModel analysed(ReportModel model, boolean allPairs) {
        List<String> domains =
                IntStream.range(0, 20).mapToObj(i -> "domain " + i).toList();
        return SampleAnalyses.with(model, SampleAnalyses.of(model, 5, allPairs, 300, domains));
    }

    private static void draw(Path folder, String name, ReportModel model) throws Exception {
        Path page = ReportBrowser.write(folder, name + ".html", ReportPage.render(model, SampleReports.definitions()));
        System.out.println(page + " " + Files.size(page));
        picture(folder, model, page, name + "-light", "light", 1280);
        picture(folder, model, page, name + "-dark", "dark", 1280);
        picture(folder, model, page, name + "-narrow", "light", 900);
        picture(folder, model, page, name + "-phone", "light", 420);
    }

    private static void picture(Path folder, ReportModel model, Path page, String name, String scheme, int width)
            throws Exception {
        try (ReportBrowser browser = ReportBrowser.start(Files.createTempDirectory("profile"))) {
            browser.driver.executeCdpCommand(
                    "Emulation.setDeviceMetricsOverride",
                    Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", false));
            browser.prefer("prefers-color-scheme", scheme);
            long start = System.nanoTime();
            browser.open(page);
            System.out.println(name + " " + (System.nanoTime() - start) / 1_000_000 + " ms " + browser.console());
            long height = (Long) browser.driver.executeScript("return document.documentElement.scrollHeight");
            browser.driver.executeCdpCommand(
                    "Emulation.setDeviceMetricsOverride",
                    Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
            Files.write(folder.resolve(name + ".png"), browser.driver.getScreenshotAs(OutputType.BYTES));
            for (WebElement section : browser.driver.findElements(By.tagName("section"))) {
                Files.write(
                        folder.resolve(name + "-" + section.getAttribute("id") + ".png"),
                        section.getScreenshotAs(OutputType.BYTES));
            }
            WebElement heat = browser.driver.findElement(By.id("heat"));
            browser.driver.findElement(By.id("order-load")).click();
            int[] cell = browser.cell(
                    "heat", model.model().numExperts() / 3, model.layers().size() / 2);
            new Actions(browser.driver).moveToLocation(cell[0], cell[1]).perform();
            Files.write(folder.resolve(name + "-heat.png"), heat.getScreenshotAs(OutputType.BYTES));
            if (scheme.equals("dark")) {
                Map<String, Object> pdf = browser.driver.executeCdpCommand(
                        "Page.printToPDF", Map.of("preferCSSPageSize", true, "printBackground", true));
                Files.write(folder.resolve(name + ".pdf"), Base64.getDecoder().decode((String) pdf.get("data")));
            }
        }
    }
}

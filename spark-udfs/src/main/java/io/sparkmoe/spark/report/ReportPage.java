package io.sparkmoe.spark.report;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import java.util.Map;

/**
 * The routing report as one HTML page that opens offline: charts by Apache ECharts, which is inlined together with
 * the data, and tables that hold the same numbers. The page asks for nothing from anywhere; its content security
 * policy admits only the scripts and the style that are in it, by hash.
 */
public final class ReportPage {
    private static final String TEMPLATES = "io.sparkmoe.spark.report.templates";

    private ReportPage() {}

    /**
     * The whole page.
     *
     * @param definitions metric name to its definition (formula, and the engine it follows), in the order to show
     */
    public static String render(ReportModel model, Map<String, String> definitions) {
        TemplateEngine engine =
                TemplateEngine.createPrecompiled(null, ContentType.Html, ReportPage.class.getClassLoader(), TEMPLATES);
        StringOutput page = new StringOutput(2 << 20);
        engine.render("report.jte", PageViews.of(model, definitions), page);
        return page.toString();
    }
}

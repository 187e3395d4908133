package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import io.sparkmoe.spark.report.AnalysisView.Section;
import io.sparkmoe.spark.report.PageView.Finding;
import java.io.IOException;

/** One analysis on the page: its section, its sentence in the page's head, and the numbers behind its charts. */
interface AnalysisPart {
    /** The kind of section; the name by which {@link AnalysisModel.Note} calls the analysis. */
    String analysis();

    Section section();

    Finding finding();

    /** Writes one value, an object. */
    void write(JsonGenerator json) throws IOException;
}

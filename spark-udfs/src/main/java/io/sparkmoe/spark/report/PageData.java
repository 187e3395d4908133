package io.sparkmoe.spark.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The numbers behind the charts, as JSON that may stand inside a script element. */
final class PageData {
    /** Beyond this many padding rows the page keeps the sums over layers only. */
    static final int MAX_PADDING = 20_000;

    private static final List<String> CHARTED = List.of("imbalance_max_mean", "cv", "gini", "entropy_normalized");

    private final ReportModel model;
    private final List<AnalysisPart> parts;
    private final JsonGenerator json;

    private PageData(ReportModel model, List<AnalysisPart> parts, JsonGenerator json) {
        this.model = model;
        this.parts = parts;
        this.json = json;
    }

    static String of(ReportModel model, List<AnalysisPart> parts) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            new PageData(model, parts, json).write();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        // Inside JSON this character stands in strings alone; written so, no string can end the script element.
        return text.toString().replace("<", "\\u003c");
    }

    private void write() throws IOException {
        json.writeStartObject();
        json.writeNumberField("experts", model.model().numExperts());
        json.writeArrayFieldStart("layers");
        for (ReportModel.Layer layer : model.layers()) {
            json.writeNumber(layer.layer());
        }
        json.writeEndArray();
        json.writeArrayFieldStart("counts");
        for (ReportModel.Layer layer : model.layers()) {
            json.writeArray(layer.counts(), 0, layer.counts().length);
        }
        json.writeEndArray();
        writeMetrics();
        writeCoverage();
        writePadding();
        writeAnalyses();
        json.writeEndObject();
    }

    private void writeMetrics() throws IOException {
        json.writeObjectFieldStart("metrics");
        for (String metric : CHARTED) {
            json.writeArrayFieldStart(metric);
            for (ReportModel.Layer layer : model.layers()) {
                writeRounded(json, layer.metrics().get(metric));
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    private void writeCoverage() throws IOException {
        Coverage coverage = Coverage.of(model);
        json.writeObjectFieldStart("coverage");
        for (Map.Entry<String, double[]> curve : coverage.curves().entrySet()) {
            json.writeArrayFieldStart(curve.getKey());
            for (double share : curve.getValue()) {
                writeRounded(json, share);
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    /** Rows of [layer or -1 for all, phase index, tokens per pass, block size, passes, blocks, slots, used]. */
    private void writePadding() throws IOException {
        boolean totalsOnly = model.padding().size() > MAX_PADDING;
        List<String> phases = phases(model.padding().stream());
        json.writeArrayFieldStart("phases");
        for (String phase : phases) {
            json.writeString(phase);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("padding");
        for (ReportModel.Padding row : model.padding()) {
            Integer layer = row.layer();
            if (layer == null || !totalsOnly) {
                writePadding(row, layer == null ? -1 : layer, phases.indexOf(row.phase()));
            }
        }
        json.writeEndArray();
    }

    private void writePadding(ReportModel.Padding row, int layer, int phase) throws IOException {
        long[] fields = {
            layer, phase, row.tokensPerPass(), row.blockSize(), row.passes(), row.blocks(), row.slots(), row.used()
        };
        json.writeArray(fields, 0, fields.length);
    }

    /** By the id of each one's section. */
    private void writeAnalyses() throws IOException {
        json.writeObjectFieldStart("analyses");
        for (AnalysisPart part : parts) {
            json.writeFieldName(part.section().id());
            part.write(json);
        }
        json.writeEndObject();
    }

    /** Prefill first, then decode, as a request goes; the reverse of their alphabet. */
    static List<String> phases(Stream<ReportModel.Padding> padding) {
        TreeSet<String> names = new TreeSet<>();
        padding.forEach(row -> names.add(row.phase()));
        return List.copyOf(names.descendingSet());
    }

    static void writeRounded(JsonGenerator json, @Nullable Double value) throws IOException {
        if (value == null || !Double.isFinite(value)) {
            json.writeNull();
        } else {
            json.writeNumber(Math.rint(value * 1e6) / 1e6);
        }
    }
}

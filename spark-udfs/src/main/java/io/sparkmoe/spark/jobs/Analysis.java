package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.report.AnalysisModel;
import io.sparkmoe.spark.report.ReportModel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/**
 * What a verb found: figures for the page and summary.json, tables for the folder, lines for the terminal. What stays empty
 * is not shown.
 */
final class Analysis implements AutoCloseable {
    /** What the result says it read, and of which model. */
    record Names(List<String> inputs, String model) {}

    /** One line for the terminal: a short name and what there is to say. */
    record Line(String name, String value) {}

    private final List<UsableTrace> traces;
    private final Names names;
    private final Map<String, Dataset<Row>> tables = new LinkedHashMap<>();
    private final List<Line> lines = new ArrayList<>();
    private final Deque<Runnable> releases = new ArrayDeque<>();
    private List<ReportModel.Layer> layers = List.of();
    private Map<String, @Nullable Double> overall = Map.of();
    private List<ReportModel.Padding> padding = List.of();
    private AnalysisModel model = AnalysisModel.NONE;
    private @Nullable Integer epSize;

    /** Of one recording, or of several that are compared; all of them are audited. */
    Analysis(List<UsableTrace> traces, Names names) {
        this.traces = List.copyOf(traces);
        this.names = names;
    }

    /** Expert load, a layer each, and its figures over all layers. */
    Analysis load(List<ReportModel.Layer> newLayers, Map<String, @Nullable Double> newOverall) {
        layers = newLayers;
        overall = newOverall;
        return this;
    }

    Analysis padding(List<ReportModel.Padding> newPadding) {
        padding = newPadding;
        return this;
    }

    Analysis model(AnalysisModel newModel) {
        model = newModel;
        return this;
    }

    /** Co-activation, a layer each. */
    Analysis coactivation(List<AnalysisModel.Coactivation> layers) {
        return model(new AnalysisModel(
                layers,
                model.transitions(),
                model.capacity(),
                model.windows(),
                model.comparisons(),
                model.domains(),
                model.vocabulary(),
                model.notes()));
    }

    /** Transitions, a layer pair each. */
    Analysis transitions(List<AnalysisModel.Transition> pairs) {
        return model(new AnalysisModel(
                model.coactivation(),
                pairs,
                model.capacity(),
                model.windows(),
                model.comparisons(),
                model.domains(),
                model.vocabulary(),
                model.notes()));
    }

    /** Drops by capacity factor. */
    Analysis capacity(List<AnalysisModel.Capacity> lines) {
        return model(new AnalysisModel(
                model.coactivation(),
                model.transitions(),
                lines,
                model.windows(),
                model.comparisons(),
                model.domains(),
                model.vocabulary(),
                model.notes()));
    }

    /** Expert load over time. */
    Analysis windows(List<AnalysisModel.Window> load) {
        return model(new AnalysisModel(
                model.coactivation(),
                model.transitions(),
                model.capacity(),
                load,
                model.comparisons(),
                model.domains(),
                model.vocabulary(),
                model.notes()));
    }

    /** Routings beside each other. */
    Analysis comparisons(List<AnalysisModel.Comparison> pairs) {
        return model(new AnalysisModel(
                model.coactivation(),
                model.transitions(),
                model.capacity(),
                model.windows(),
                pairs,
                model.domains(),
                model.vocabulary(),
                model.notes()));
    }

    /** Load of domains. */
    Analysis domains(List<AnalysisModel.Domain> domains) {
        return model(new AnalysisModel(
                model.coactivation(),
                model.transitions(),
                model.capacity(),
                model.windows(),
                model.comparisons(),
                domains,
                model.vocabulary(),
                model.notes()));
    }

    /** How far token ids choose their experts. */
    Analysis vocabulary(List<AnalysisModel.Vocabulary> vocabulary) {
        return model(new AnalysisModel(
                model.coactivation(),
                model.transitions(),
                model.capacity(),
                model.windows(),
                model.comparisons(),
                model.domains(),
                vocabulary,
                model.notes()));
    }

    /** A remark on one analysis, shown beside it. */
    Analysis note(String analysis, String text) {
        List<AnalysisModel.Note> notes = new ArrayList<>(model.notes());
        notes.add(new AnalysisModel.Note(analysis, text));
        return model(new AnalysisModel(
                model.coactivation(),
                model.transitions(),
                model.capacity(),
                model.windows(),
                model.comparisons(),
                model.domains(),
                model.vocabulary(),
                notes));
    }

    /** The ranks that metrics were asked for. */
    Analysis epSize(@Nullable Integer newEpSize) {
        epSize = newEpSize;
        return this;
    }

    /** A table to write as DIR/tables/NAME: as many files as the data set has partitions. */
    Analysis table(String name, Dataset<Row> rows) {
        tables.put(name, rows);
        return this;
    }

    /** A line for the terminal. */
    Analysis line(String name, String value) {
        lines.add(new Line(name, value));
        return this;
    }

    /** What to release when the tables are written, such as a persisted data set. */
    Analysis release(Runnable work) {
        releases.push(work);
        return this;
    }

    List<UsableTrace> traces() {
        return traces;
    }

    Names names() {
        return names;
    }

    Map<String, Dataset<Row>> tables() {
        return tables;
    }

    List<Line> lines() {
        return lines;
    }

    List<ReportModel.Layer> layers() {
        return layers;
    }

    Map<String, @Nullable Double> overall() {
        return overall;
    }

    List<ReportModel.Padding> padding() {
        return padding;
    }

    AnalysisModel model() {
        return model;
    }

    @Nullable
    Integer epSize() {
        return epSize;
    }

    @Override
    public void close() {
        while (!releases.isEmpty()) {
            releases.pop().run();
        }
    }
}

package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.AnalysisModel.Note;
import io.sparkmoe.spark.report.AnalysisView.Section;
import java.util.ArrayList;
import java.util.List;

/** The analyses that a model has data of, in the order of the page. */
final class AnalysisParts {
    static final String COACTIVATION = "coactivation";
    static final String TRANSITIONS = "transitions";
    static final String COMPARISON = "comparison";
    static final String DOMAINS = "domains";
    static final String VOCABULARY = "vocabulary";
    static final String WINDOWS = "windows";
    static final String CAPACITY = "capacity";

    private static final int NOTE_LIMIT = 600;
    private static final int SHOWN_NOTES = 20;

    private AnalysisParts() {}

    static List<AnalysisPart> of(ReportModel model) {
        List<AnalysisPart> parts = new ArrayList<>();
        CoactivationPart.of(model, notes(model, COACTIVATION)).ifPresent(parts::add);
        TransitionPart.of(model, notes(model, TRANSITIONS)).ifPresent(parts::add);
        parts.addAll(ComparisonPart.of(model, notes(model, COMPARISON)));
        DomainPart.of(model, notes(model, DOMAINS)).ifPresent(parts::add);
        VocabularyPart.of(model, notes(model, VOCABULARY)).ifPresent(parts::add);
        parts.addAll(WindowPart.of(model, notes(model, WINDOWS)));
        CapacityPart.of(model, notes(model, CAPACITY)).ifPresent(parts::add);
        return List.copyOf(parts);
    }

    static AnalysisView view(ReportModel model, List<AnalysisPart> parts) {
        List<String> remarks = model.analyses().notes().stream()
                .filter(note -> parts.stream().noneMatch(part -> part.analysis().equals(note.analysis())))
                .map(note -> Text.visible(note.analysis(), 40) + ": " + Text.visible(note.text(), NOTE_LIMIT))
                .limit(SHOWN_NOTES)
                .toList();
        return new AnalysisView(
                sections(parts, COACTIVATION),
                sections(parts, TRANSITIONS),
                sections(parts, COMPARISON),
                sections(parts, DOMAINS),
                sections(parts, VOCABULARY),
                sections(parts, WINDOWS),
                sections(parts, CAPACITY),
                remarks);
    }

    private static List<Section> sections(List<AnalysisPart> parts, String analysis) {
        return parts.stream()
                .filter(part -> part.analysis().equals(analysis))
                .map(AnalysisPart::section)
                .toList();
    }

    private static List<String> notes(ReportModel model, String analysis) {
        return model.analyses().notes().stream()
                .filter(note -> note.analysis().equals(analysis))
                .map(Note::text)
                .map(text -> Text.visible(text, NOTE_LIMIT))
                .limit(SHOWN_NOTES)
                .toList();
    }

    /** The given notes and one more, unless that is empty. */
    static List<String> with(List<String> notes, String more) {
        List<String> all = new ArrayList<>(notes);
        if (!more.isEmpty()) {
            all.add(more);
        }
        return List.copyOf(all);
    }
}

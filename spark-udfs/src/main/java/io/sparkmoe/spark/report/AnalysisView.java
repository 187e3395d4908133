package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.PageView.Table;
import java.util.List;
import java.util.stream.Stream;

/**
 * The sections on the analyses, ready for the templates; public for them alone, and nothing in it is escaped. A kind of
 * section that has no data is an empty list.
 *
 * @param remarks what is said of analyses that have no section
 */
public record AnalysisView(
        List<Section> coactivation,
        List<Section> transitions,
        List<Section> comparisons,
        List<Section> domains,
        List<Section> vocabulary,
        List<Section> windows,
        List<Section> capacity,
        List<String> remarks) {

    /** All sections, in the order of the page. */
    public List<Section> all() {
        return Stream.of(coactivation, transitions, comparisons, domains, vocabulary, windows, capacity)
                .flatMap(List::stream)
                .toList();
    }

    /**
     * One section.
     *
     * @param id of the section's element, and start of the ids inside
     * @param nav its name in the page's head
     * @param lead what it found, a sentence
     * @param detail what stands behind that
     * @param choices entries of the selector; empty for none
     * @param panels names of charts that stand side by side, where the data decide how many
     * @param tables long ones open on demand
     * @param notes what was left out
     */
    public record Section(
            String id,
            String nav,
            String title,
            String lead,
            String detail,
            List<Choice> choices,
            List<String> panels,
            List<Table> tables,
            List<String> notes) {}

    /** Whether a table is better folded away. */
    public static boolean isLong(Table table) {
        return table.rows().size() > 20;
    }

    /** An entry of a selector. */
    public record Choice(int value, String label) {}
}

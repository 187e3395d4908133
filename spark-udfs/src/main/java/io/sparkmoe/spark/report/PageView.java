package io.sparkmoe.spark.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The page's texts, ready to be set by the templates; public for them alone. Nothing in it is escaped: the
 * templates do that, except for {@code inlined}, which is made
 * by this package and set as it is.
 *
 * @param layered whether any layer has ids, so that there is something to draw
 * @param phases phases with replayed passes, in the order of the page
 * @param paddingLayers layers with padding of their own, for the selector
 * @param analyses sections on the further analyses
 */
public record PageView(
        String title,
        String subtitle,
        List<Finding> findings,
        List<Tile> tiles,
        boolean layered,
        List<String> phases,
        List<Integer> paddingLayers,
        Table hottest,
        Table layers,
        Table overall,
        Table padding,
        Table audit,
        AnalysisView analyses,
        List<Entry> definitions,
        List<Entry> run,
        String notices,
        Inlined inlined) {

    /** A sentence of the answer and what stands behind it. */
    public record Finding(String topic, String lead, String detail) {}

    /** A number worth large type. */
    public record Tile(String key, String label, String value, String note) {}

    /**
     * A table.
     *
     * @param id of the element; also the name a test finds it by
     * @param caption read out, and shown above the table
     * @param note below the table; empty for none
     */
    public record Table(String id, String caption, List<Column> columns, List<List<Cell>> rows, String note) {}

    /**
     * A column.
     *
     * @param hint shown when the pointer rests on the heading; empty for none
     * @param numeric set to the right, and sorted by number
     */
    public record Column(String label, String hint, boolean numeric) {}

    /**
     * A cell.
     *
     * @param raw the number to sort by, or null where undefined or text
     */
    public record Cell(String text, @Nullable String raw) {
        static Cell text(String text) {
            return new Cell(text, null);
        }

        static Cell count(long value) {
            return new Cell(Text.count(value), Long.toString(value));
        }

        /** A number that names something: no separators. */
        static Cell id(long value) {
            return new Cell(Long.toString(value), Long.toString(value));
        }

        static Cell of(String text, double value) {
            return new Cell(text, Double.toString(value));
        }
    }

    /** A name and its explanation. */
    public record Entry(String name, String text) {}

    /** What goes into the page unescaped. */
    public record Inlined(String policy, String style, String echarts, String script, String data) {}
}

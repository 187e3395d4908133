package io.sparkmoe.notebooks;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.collection.Seq;

/** The first rows of a DataFrame as an HTML table; every name and value is escaped. */
final class HtmlTable {

    static final int MAX_ROWS = 20;
    static final int MAX_ELEMENTS = 12;
    static final int MAX_CHARS = 120;

    private HtmlTable() {}

    static String of(Dataset<Row> frame) {
        List<Row> rows = frame.takeAsList(MAX_ROWS + 1);
        StringBuilder html = new StringBuilder("<table>\n<tr>");
        for (String name : frame.columns()) {
            html.append("<th>").append(escape(name)).append("</th>");
        }
        html.append("</tr>\n");
        rows.stream().limit(MAX_ROWS).forEach(row -> appendRow(html, row));
        html.append("</table>");
        if (rows.size() > MAX_ROWS) {
            html.append("\n<p>the first ").append(MAX_ROWS).append(" rows</p>");
        }
        return html.toString();
    }

    private static void appendRow(StringBuilder html, Row row) {
        html.append("<tr>");
        for (int i = 0; i < row.length(); i++) {
            html.append("<td>").append(escape(shorten(text(row.get(i))))).append("</td>");
        }
        html.append("</tr>\n");
    }

    private static String text(Object value) {
        if (value instanceof Double || value instanceof Float) {
            return decimal(((Number) value).doubleValue());
        }
        if (value instanceof Seq<?> elements) {
            return list(elements);
        }
        if (value instanceof Row struct) {
            return list(struct.toSeq());
        }
        return String.valueOf(value);
    }

    private static String list(Seq<?> elements) {
        StringBuilder out = new StringBuilder("[");
        int shown = Math.min(elements.size(), MAX_ELEMENTS);
        for (int i = 0; i < shown; i++) {
            out.append(i == 0 ? "" : ", ").append(text(elements.apply(i)));
        }
        if (shown < elements.size()) {
            out.append(", ... ").append(elements.size()).append(" in all");
        }
        return out.append(']').toString();
    }

    /** At most four digits after the point; of small numbers, four digits that count. */
    private static String decimal(double value) {
        if (value != 0 && Math.abs(value) < 0.001) {
            return String.format(Locale.ROOT, "%.3e", value);
        }
        return new DecimalFormat("0.####", DecimalFormatSymbols.getInstance(Locale.ROOT)).format(value);
    }

    private static String shorten(String text) {
        return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + "...";
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}

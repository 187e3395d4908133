package io.sparkmoe.spark.jobs;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Prints cells in aligned columns: numbers to the right, text to the left, no frame. */
final class TextTable {
    private TextTable() {}

    static void print(PrintWriter out, List<String> header, List<Boolean> right, List<List<String>> rows) {
        int[] widths = header.stream().mapToInt(String::length).toArray();
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        out.println(line(header, right, widths));
        List<String> rules = new ArrayList<>();
        for (int width : widths) {
            rules.add("-".repeat(width));
        }
        out.println(line(rules, right, widths));
        rows.forEach(row -> out.println(line(row, right, widths)));
    }

    private static String line(List<String> cells, List<Boolean> right, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String fill = " ".repeat(widths[i] - cells.get(i).length());
            line.append(i == 0 ? "" : "  ");
            line.append(right.get(i) ? fill + cells.get(i) : cells.get(i) + fill);
        }
        return line.toString().stripTrailing();
    }
}

package io.sparkmoe.notebooks;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.spark.sql.Row;

/** Cells as colours between the least value and the greatest, with a scale beside them. */
final class HeatMap {

    private static final int LEFT = 60;
    private static final int TOP = 52;
    private static final int BOTTOM = 44;
    private static final int RIGHT = 90;
    private static final int SPAN = 576;

    private final List<Row> cells;
    private final String rowName;
    private final String columnName;
    private final String valueName;
    private final String title;
    private final List<Object> rows;
    private final List<Object> columns;
    private final double least;
    private final double greatest;

    HeatMap(List<Row> cells, String rowName, String columnName, String valueName, String title) {
        this.cells = cells;
        this.rowName = rowName;
        this.columnName = columnName;
        this.valueName = valueName;
        this.title = title;
        this.rows = distinct(cells, 0);
        this.columns = distinct(cells, 1);
        this.least = cells.stream().mapToDouble(HeatMap::value).min().orElse(0);
        this.greatest = cells.stream().mapToDouble(HeatMap::value).max().orElse(0);
    }

    private static List<Object> distinct(List<Row> cells, int column) {
        Set<Object> seen = new LinkedHashSet<>();
        cells.forEach(cell -> seen.add(cell.get(column)));
        return new ArrayList<>(seen);
    }

    private static double value(Row cell) {
        return ((Number) cell.get(2)).doubleValue();
    }

    BufferedImage draw() {
        int cellWidth = Math.max(1, SPAN / Math.max(1, columns.size()));
        int cellHeight = Math.min(24, Math.max(cellWidth, 320 / Math.max(1, rows.size())));
        int width = cellWidth * columns.size();
        int height = cellHeight * rows.size();
        BufferedImage image =
                new BufferedImage(LEFT + width + RIGHT, TOP + height + BOTTOM, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = image.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        g.setColor(Color.WHITE);
        g.fillRect(0, 0, image.getWidth(), image.getHeight());
        for (Row cell : cells) {
            g.setColor(colour((value(cell) - least) / Math.max(greatest - least, Double.MIN_NORMAL)));
            g.fillRect(
                    LEFT + columns.indexOf(cell.get(1)) * cellWidth,
                    TOP + rows.indexOf(cell.get(0)) * cellHeight,
                    cellWidth,
                    cellHeight);
        }
        labels(g, cellWidth, cellHeight);
        scale(g, LEFT + width + 14, height);
        g.dispose();
        return image;
    }

    private void labels(Graphics2D g, int cellWidth, int cellHeight) {
        g.setColor(Color.DARK_GRAY);
        g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 13));
        g.drawString(title, LEFT, 20);
        g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
        int everyRow = Math.max(1, 14 / cellHeight);
        for (int i = 0; i < rows.size(); i += everyRow) {
            g.drawString(String.valueOf(rows.get(i)), LEFT - 20, TOP + i * cellHeight + (cellHeight + 9) / 2);
        }
        int bottom = TOP + rows.size() * cellHeight;
        int everyColumn = Math.max(1, (columns.size() + 15) / 16);
        for (int i = 0; i < columns.size(); i += everyColumn) {
            g.drawString(String.valueOf(columns.get(i)), LEFT + i * cellWidth, bottom + 14);
        }
        g.drawString(Charts.words(columnName), LEFT, bottom + 34);
        g.drawString(Charts.words(rowName), 6, TOP - 8);
    }

    private void scale(Graphics2D g, int left, int height) {
        for (int y = 0; y < height; y++) {
            g.setColor(colour(1 - y / Math.max(1.0, height - 1)));
            g.fillRect(left, TOP + y, 12, 1);
        }
        g.setColor(Color.DARK_GRAY);
        g.drawString(String.format(Locale.ROOT, "%.3g", greatest), left + 16, TOP + 10);
        g.drawString(String.format(Locale.ROOT, "%.3g", least), left + 16, TOP + height);
        g.drawString(Charts.words(valueName), left - 8, TOP + height + 20);
    }

    /** From nearly white through blue to dark: darker is more, also without colours. */
    private static Color colour(double share) {
        int step = (int) Math.round(share * 63);
        return new Color(245 - step * 235 / 63, 248 - step * 200 / 63, 252 - step * 145 / 63);
    }
}

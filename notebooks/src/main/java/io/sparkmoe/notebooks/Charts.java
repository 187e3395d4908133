package io.sparkmoe.notebooks;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.style.Styler.ChartTheme;
import org.knowm.xchart.style.Styler.LegendPosition;

/**
 * Pictures of small DataFrames, a row a point or cell, for the last line of a cell. They draw what the DataFrame holds and
 * compute nothing. Axes are named after the columns, in the order of the rows.
 */
public final class Charts {

    private static final int WIDTH = 720;
    private static final int HEIGHT = 360;
    private static final int TICK_SPACING = 24;

    private Charts() {}

    /** One line for every value of {@code series}, over the values of {@code x}. */
    public static BufferedImage lines(Dataset<Row> points, String x, String y, String series, String title) {
        return draw(points, x, y, series, title, CategorySeriesRenderStyle.Line);
    }

    /** One bar for every value of {@code x}, and one beside it for every further value of {@code series}. */
    public static BufferedImage bars(Dataset<Row> points, String x, String y, String series, String title) {
        return draw(points, x, y, series, title, CategorySeriesRenderStyle.Bar);
    }

    /** {@code value} as colour, a row of cells for every value of {@code row}. */
    public static BufferedImage heatMap(Dataset<Row> cells, String row, String column, String value, String title) {
        return new HeatMap(cells.select(row, column, value).collectAsList(), row, column, value, title).draw();
    }

    private static BufferedImage draw(
            Dataset<Row> points, String x, String y, String series, String title, CategorySeriesRenderStyle style) {
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .theme(ChartTheme.XChart)
                .title(title)
                .xAxisTitle(words(x))
                .yAxisTitle(words(y))
                .build();
        chart.getStyler().setXAxisTickMarkSpacingHint(TICK_SPACING).setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
        chart.getStyler().setDefaultSeriesRenderStyle(style);
        // Bars stand beside each other, points of lines over the same place of the axis.
        chart.getStyler().setOverlapped(style == CategorySeriesRenderStyle.Line);
        Map<String, List<Row>> bySeries = new LinkedHashMap<>();
        for (Row point : points.select(series, x, y).collectAsList()) {
            bySeries.computeIfAbsent(name(series, point.get(0)), name -> new ArrayList<>())
                    .add(point);
        }
        bySeries.forEach((name, rows) -> chart.addSeries(
                name,
                rows.stream().map(row -> String.valueOf(row.get(1))).toList(),
                rows.stream().map(row -> (Number) row.get(2)).toList()));
        return BitmapEncoder.getBufferedImage(chart);
    }

    /** A number needs its column's name to be understood, a text does not. */
    private static String name(String series, Object value) {
        return value instanceof Number ? words(series) + " " + value : String.valueOf(value);
    }

    static String words(String column) {
        return column.replace('_', ' ');
    }
}

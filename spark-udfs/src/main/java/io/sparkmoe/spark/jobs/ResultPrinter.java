package io.sparkmoe.spark.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.hex;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Prints a result: an aligned table, CSV with a header (RFC 4180; arrays, maps and structs as JSON, binary as hex, NULL
 * empty), or one JSON object a row.
 */
final class ResultPrinter {
    /** Rows of an aligned table: its columns are as wide as their widest value, so all rows are held. */
    private static final int TABLE_ROWS = 10_000;

    private static final Map<String, String> KEEP_NULLS = Map.of("ignoreNullFields", "false");

    private final PrintWriter out;
    private final PrintWriter err;

    ResultPrinter(PrintWriter out, PrintWriter err) {
        this.out = out;
        this.err = err;
    }

    void print(Dataset<Row> result, Format format) {
        if (result.schema().isEmpty()) {
            return;
        }
        switch (format) {
            case table -> table(result);
            case csv -> csv(result);
            case json -> json(result);
        }
        out.flush();
    }

    private void json(Dataset<Row> result) {
        String[] names = result.columns();
        Dataset<Row> numbered = result.toDF(numbered(names.length));
        Column[] fields = new Column[names.length];
        for (int i = 0; i < names.length; i++) {
            fields[i] = col("c" + i).as(names[i]);
        }
        Iterator<Row> rows =
                numbered.select(to_json(struct(fields), KEEP_NULLS)).toLocalIterator();
        while (rows.hasNext()) {
            out.println(rows.next().getString(0));
        }
    }

    private void csv(Dataset<Row> result) {
        out.println(csvLine(List.of(result.columns())));
        Iterator<Row> rows = strings(result).toLocalIterator();
        while (rows.hasNext()) {
            out.println(csvLine(values(rows.next(), "")));
        }
    }

    private static String csvLine(List<String> values) {
        List<String> quoted = new ArrayList<>();
        for (String v : values) {
            boolean plain = v.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
            quoted.add(plain ? v : '"' + v.replace("\"", "\"\"") + '"');
        }
        return String.join(",", quoted);
    }

    private void table(Dataset<Row> result) {
        List<Row> rows = strings(result).takeAsList(TABLE_ROWS + 1);
        List<List<String>> cells = new ArrayList<>();
        for (Row row : rows.subList(0, Math.min(TABLE_ROWS, rows.size()))) {
            cells.add(values(row, "NULL"));
        }
        List<Boolean> right = new ArrayList<>();
        for (StructField f : result.schema().fields()) {
            right.add(f.dataType() instanceof NumericType);
        }
        TextTable.print(out, List.of(result.columns()), right, cells);
        if (rows.size() > TABLE_ROWS) {
            err.println("Only the first " + TABLE_ROWS + " rows are shown; --format csv or json prints all.");
        }
    }

    /** Every column as text. */
    private static Dataset<Row> strings(Dataset<Row> result) {
        StructField[] fields = result.schema().fields();
        Dataset<Row> numbered = result.toDF(numbered(fields.length));
        Column[] texts = new Column[fields.length];
        for (int i = 0; i < fields.length; i++) {
            texts[i] = text(col("c" + i), fields[i].dataType()).as("c" + i);
        }
        return numbered.select(texts);
    }

    private static Column text(Column column, DataType type) {
        if (type instanceof ArrayType || type instanceof MapType || type instanceof StructType) {
            return to_json(column, KEEP_NULLS);
        }
        return type.equals(DataTypes.BinaryType) ? hex(column) : column.cast(DataTypes.StringType);
    }

    /** Columns may share a name; numbered ones do not. */
    private static String[] numbered(int columns) {
        String[] names = new String[columns];
        for (int i = 0; i < columns; i++) {
            names[i] = "c" + i;
        }
        return names;
    }

    private static List<String> values(Row row, String ofNull) {
        List<String> out = new ArrayList<>();
        for (int i = 0; i < row.size(); i++) {
            out.add(row.isNullAt(i) ? ofNull : row.getString(i));
        }
        return out;
    }
}

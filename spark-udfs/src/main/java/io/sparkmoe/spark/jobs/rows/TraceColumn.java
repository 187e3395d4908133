package io.sparkmoe.spark.jobs.rows;

import static org.apache.spark.sql.functions.col;

import java.util.List;
import org.apache.spark.sql.Column;

/** What a user names by one word: a column of the trace table, or an attribute. */
public final class TraceColumn {
    /** Columns that can be named; every other name is an attribute's. */
    private static final List<String> COLUMNS =
            List.of("source", "request_id", "choice", "step", "rank", "checkpoint", "phase");

    private TraceColumn() {}

    /** The column or attribute as text; NULL where a row has none. */
    public static Column of(String name) {
        return COLUMNS.contains(name)
                ? col(name).cast("string")
                : col("attributes").getItem(name);
    }
}

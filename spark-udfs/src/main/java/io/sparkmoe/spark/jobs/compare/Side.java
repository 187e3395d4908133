package io.sparkmoe.spark.jobs.compare;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.when;

import io.sparkmoe.spark.jobs.rows.TraceColumn;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;

/**
 * One of two routings.
 *
 * @param rows usable rows of the trace table
 * @param key columns of the trace table, or names of attributes, that name a sequence; compared as text, NULL equal to NULL
 */
public record Side(Dataset<Row> rows, List<String> key) {
    /** The sequence's name: a JSON array of the key's values, so that no two keys are written alike. */
    private static Column sequence(List<String> key) {
        return to_json(array(key.stream().map(TraceColumn::of).toArray(Column[]::new)));
    }

    /** What both sides' samples are drawn by: the sequence and, where the key's first column is NULL, the block of positions. */
    public static Column drawnBy(List<String> key) {
        Column position = expr("first_position div " + TokenStates.POSITIONS);
        Column named = TraceColumn.of(key.get(0)).isNotNull();
        return struct(
                sequence(key).as("sequence"),
                when(named, lit(0L)).otherwise(position).as("block"));
    }

    private boolean has(String column) {
        return Arrays.asList(rows.columns()).contains(column);
    }

    private Column tokenIds() {
        return has("token_ids") ? col("token_ids") : lit(null).cast("array<int>");
    }

    /** Packed, which makes their shuffle 2 to 4 times smaller, and alike on both sides. */
    private Column packedIds() {
        boolean packed = rows.schema().apply("topk_ids").dataType().equals(DataTypes.BinaryType);
        return packed ? col("topk_ids") : expr("moe_pack_ids(topk_ids)").as("topk_ids");
    }

    /** What lining up reads: no ids. */
    Dataset<Row> outline(boolean right) {
        Column ordered = has("slot_order") ? coalesce(col("slot_order").equalTo("score_desc"), lit(false)) : lit(false);
        return rows.select(
                sequence(key).as("sequence"),
                lit(right).as("right"),
                col("layer"),
                col("first_position"),
                col("num_tokens"),
                tokenIds().isNotNull().as("text"),
                ordered.as("ordered"));
    }

    /** What comparing reads; token ids only where both sides have some. */
    Dataset<Row> routes(boolean right, boolean text) {
        return rows.select(
                sequence(key).as("sequence"),
                lit(right).as("right"),
                col("layer"),
                col("first_position"),
                col("num_tokens"),
                packedIds(),
                (text ? tokenIds() : lit(null).cast("array<int>")).as("token_ids"));
    }
}

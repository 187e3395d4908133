package io.sparkmoe.spark.jobs.audit;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.sparkmoe.spark.jobs.rows.RowKey;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/** The columns the audit reads, by place. */
final class AuditRow {
    static final int TOPK_IDS = 13;

    private AuditRow() {}

    static Dataset<Row> select(Dataset<Row> trace) {
        return trace.select(
                col("source"),
                col("request_id"),
                col("choice"),
                col("step"),
                col("rank"),
                expr("phase <=> 'decode'").as("decode"),
                col("layer"),
                col("first_position"),
                col("num_tokens"),
                col("num_experts"),
                col("topk"),
                expr("coalesce(attributes['cached'] = 'true', false)").as("cached"),
                col("bad.reason").as("bad_reason"),
                col("topk_ids"));
    }

    static UTF8String source(InternalRow row) {
        return row.getUTF8String(0);
    }

    static @Nullable UTF8String request(InternalRow row) {
        return row.isNullAt(1) ? null : row.getUTF8String(1);
    }

    static int choice(InternalRow row) {
        return row.isNullAt(2) ? 0 : row.getInt(2);
    }

    static @Nullable Long step(InternalRow row) {
        return row.isNullAt(3) ? null : (Long) row.getLong(3);
    }

    static @Nullable Integer rank(InternalRow row) {
        return row.isNullAt(4) ? null : (Integer) row.getInt(4);
    }

    static boolean decode(InternalRow row) {
        return row.getBoolean(5);
    }

    static int layer(InternalRow row) {
        return row.getInt(6);
    }

    static int firstPosition(InternalRow row) {
        return row.getInt(7);
    }

    static int numTokens(InternalRow row) {
        return row.getInt(8);
    }

    static int numExperts(InternalRow row) {
        return row.getInt(9);
    }

    static int topk(InternalRow row) {
        return row.getInt(10);
    }

    static boolean cached(InternalRow row) {
        return row.getBoolean(11);
    }

    /** Why the reader could not use the record, or null. */
    static @Nullable String badReason(InternalRow row) {
        return row.isNullAt(12) ? null : row.getUTF8String(12).toString();
    }

    static RowKey key(InternalRow row) {
        UTF8String request = request(row);
        return new RowKey(
                source(row).copy(), request == null ? null : request.copy(), choice(row), step(row), rank(row));
    }

    static boolean is(RowKey key, InternalRow row) {
        return key.is(source(row), request(row), choice(row), step(row), rank(row));
    }
}

package io.sparkmoe.spark.jobs.scan;

import io.sparkmoe.spark.jobs.rows.RowKey;
import org.jspecify.annotations.Nullable;

/** Source and request of a sequence as one text: no path and no request id has a NUL character. */
final class SequenceName {
    private static final char END = '\0';

    private SequenceName() {}

    static String of(RowKey key) {
        return key.requestId() == null ? key.source().toString() : key.source().toString() + END + key.requestId();
    }

    static String source(String name) {
        int end = name.indexOf(END);
        return end < 0 ? name : name.substring(0, end);
    }

    static @Nullable String request(String name) {
        int end = name.indexOf(END);
        return end < 0 ? null : name.substring(end + 1);
    }
}

package io.sparkmoe.spark.trace;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One record, or one sample of it, that cannot be used.
 *
 * @param record line of the file from 1 (document files: number of the JSON value; Parquet: row from
 *     0); -1 = the whole file
 * @param choice sample inside the record
 * @param position where in the record: index into the decoded payload or byte offset, as the reason needs; -1 = whole
 * @param detail what is wrong, for the message
 * @param bytes the record's first 64 KiB
 */
record BadRecord(
        String file,
        long record,
        int choice,
        BadReason reason,
        long position,
        String value,
        String allowed,
        String detail,
        ByteBuffer bytes) {

    /** What a check found, before it is known where the record stands. */
    static final class Found extends Exception {
        private static final long serialVersionUID = 1L;

        private final BadReason reason;
        private final long position;
        private final String value;
        private final String allowed;

        Found(BadReason reason, long position, @Nullable Object value, String allowed, String detail) {
            super(detail, null, false, false);
            this.reason = reason;
            this.position = position;
            this.value = String.valueOf(value);
            this.allowed = allowed;
        }

        /** After broken base64 the parser stands in the middle of a string. */
        boolean leavesJsonReadable() {
            return reason != BadReason.BASE64;
        }

        BadRecord at(String file, long record, int choice, byte[] bytes) {
            return new BadRecord(
                    file, record, choice, reason, position, value, allowed, getMessage(), ByteBuffer.wrap(bytes));
        }
    }

    String message() {
        String where = file
                + (record >= 0 ? ": record " + record : "")
                + (choice > 0 ? ", choice " + choice : "")
                + (position >= 0 ? ", position " + position : "");
        return where + ": " + reason.code() + ": " + detail + ". Seen: " + value + "; allowed: " + allowed + ". "
                + reason.advice() + " Read with onBadRows = mark to keep going and have such records marked.";
    }
}

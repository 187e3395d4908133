package io.sparkmoe.spark.trace;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.jspecify.annotations.Nullable;

/**
 * The records of a slice as streams, one at a time: the lines that begin in it, or, where the file is a document (JSON
 * written over several lines), the whole file. A record is never held whole; its first 64 KiB are kept for the audit.
 */
final class RecordInput extends InputStream {
    private static final int BUFFER = 1 << 18;
    private static final int KEPT = 1 << 16;
    private static final int HEAD = 1 << 8;

    private final FileSlice slice;
    private final Configuration conf;
    private final CompressedInput in;
    private final @Nullable TaskContext task = TaskContext.get();
    private final byte[] buffer = new byte[BUFFER];
    private final byte[] kept = new byte[KEPT];
    private int at;
    private int filled;
    private int keptBytes;
    private boolean lineEnded = true;
    private boolean fileEnded;
    private boolean document;
    private boolean skipTail;
    private @Nullable IOException fault;
    private boolean faultReported;
    private boolean recordSeen;
    private long line;
    private long lineBase = -1;

    private RecordInput(FileSlice slice, Configuration conf, CompressedInput in) {
        this.slice = slice;
        this.conf = conf;
        this.in = in;
    }

    static RecordInput open(FileSlice slice, Configuration conf) throws IOException {
        boolean document = slice.start() > 0 && isDocument(slice.file(), slice.fileBytes(), conf);
        RecordInput records = new RecordInput(slice, conf, CompressedInput.open(slice, conf));
        try {
            records.begin(document);
            return records;
        } catch (IOException | RuntimeException | Error e) {
            records.close();
            throw e;
        }
    }

    private void begin(boolean tailOfDocument) throws IOException {
        if (slice.start() > 0) {
            skipTail = tailOfDocument;
            lineEnded = false;
            finishRecord();
            line = 0;
        } else if (fill()) {
            fillHead();
            document = looksLikeDocument(buffer, filled);
        }
    }

    /** Decompressors may hand out their first bytes one by one; telling a document needs a few more. */
    private void fillHead() throws IOException {
        int more = 1;
        while (filled < HEAD && more > 0 && fault == null) {
            try {
                more = in.read(buffer, filled);
                filled += Math.max(0, more);
            } catch (IOException | RuntimeException e) {
                keepFault(e);
            }
        }
    }

    private void keepFault(Exception e) throws IOException {
        if (!in.dataFault()) {
            throw e instanceof IOException io ? io : new IOException(slice.file(), e);
        }
        fault = e instanceof IOException io ? io : new IOException(e);
    }

    private static boolean isDocument(String file, long bytes, Configuration conf) throws IOException {
        FileSlice head = new FileSlice(file, 0, Math.min(BUFFER, bytes), bytes);
        try (RecordInput first = open(head, conf)) {
            return first.document;
        }
    }

    /** A first line that ends where JSON cannot end a record: the record goes on over the next lines. */
    private static boolean looksLikeDocument(byte[] bytes, int length) {
        int last = -1;
        for (int i = 0; i < length; i++) {
            if (bytes[i] == '\n' && last >= 0) {
                return last == '{' || last == '[' || last == ',';
            }
            if (bytes[i] > ' ') {
                last = bytes[i];
            }
        }
        return false;
    }

    /** Moves to the next record that is not blank; false at the end of the slice. */
    boolean nextRecord() throws IOException {
        finishRecord();
        boolean found = document ? nextOfDocument() : nextLine();
        recordSeen |= found;
        return found;
    }

    private boolean nextLine() throws IOException {
        while (!skipTail && mayHaveMore() && !in.pastEnd(filled - at)) {
            if (at == filled && !fill()) {
                break;
            }
            line++;
            keptBytes = 0;
            lineEnded = false;
            if (!skipBlank()) {
                return true;
            }
        }
        return false;
    }

    private boolean nextOfDocument() {
        boolean first = line == 0;
        line = 1;
        lineEnded = !mayHaveMore();
        return first && mayHaveMore();
    }

    /** Skips blanks at the start of a line; true when the line holds nothing else. */
    private boolean skipBlank() throws IOException {
        while (at < filled || fill()) {
            byte b = buffer[at];
            if (b == '\n') {
                at++;
                lineEnded = true;
                return true;
            }
            if (b != ' ' && b != '\t' && b != '\r') {
                return false;
            }
            at++;
        }
        return fault == null;
    }

    private void finishRecord() throws IOException {
        while (!lineEnded && !skipTail && mayHaveMore()) {
            if (at == filled && !fill()) {
                return;
            }
            int end = document ? filled : lineEnd(filled);
            lineEnded = end < filled;
            at = lineEnded ? end + 1 : end;
        }
    }

    private boolean mayHaveMore() {
        return at < filled || (!fileEnded && fault == null);
    }

    private int lineEnd(int limit) {
        for (int i = at; i < limit; i++) {
            if (buffer[i] == '\n') {
                return i;
            }
        }
        return limit;
    }

    private boolean fill() throws IOException {
        at = 0;
        filled = 0;
        if (fileEnded || fault != null) {
            return false;
        }
        // One record may be hundreds of MB: a killed task ends here, and not at the next batch.
        if (task != null) {
            task.killTaskIfInterrupted();
        }
        try {
            filled = Math.max(0, in.read(buffer, 0));
            fileEnded = filled == 0;
        } catch (IOException | RuntimeException e) {
            keepFault(e);
        }
        return filled > 0;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /** Reads on in the current record; -1 at its end. */
    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (lineEnded || (at == filled && !fill())) {
            return -1;
        }
        int limit = Math.min(filled, at + length);
        int end = document ? limit : lineEnd(limit);
        int count = end - at;
        System.arraycopy(buffer, at, target, offset, count);
        keep(count);
        at = end;
        if (end < limit) {
            lineEnded = true;
            at++;
        }
        return count > 0 ? count : -1;
    }

    private void keep(int count) {
        int more = Math.min(count, KEPT - keptBytes);
        System.arraycopy(buffer, at, kept, keptBytes, more);
        keptBytes += more;
    }

    /** The first 64 KiB of the current record, as far as it has been read. */
    byte[] keptBytes() throws IOException {
        byte[] more = new byte[1 << 12];
        while (keptBytes < KEPT && read(more, 0, more.length) > 0) {
            // Reading keeps the bytes.
        }
        return Arrays.copyOf(kept, keptBytes);
    }

    boolean isDocument() {
        return document;
    }

    /** Whether the current record ran into the end of the file instead of a line end. */
    boolean endedByFile() {
        return !lineEnded && !mayHaveMore();
    }

    /** What the compressed data broke with, if it did; nothing can be read after it. */
    @Nullable
    IOException fault() {
        return fault;
    }

    /** Whether the fault is a file that just stops. */
    boolean faultIsTruncation() {
        String message = fault == null ? "" : String.valueOf(fault.getMessage()).toLowerCase(Locale.ROOT);
        return fault instanceof EOFException || message.contains("truncated") || message.contains("unexpected end");
    }

    /** Whether nothing but blanks has been found so far. */
    boolean isBlank() {
        return !recordSeen;
    }

    /** Notes that the fault has been told of. */
    void reportFault() {
        faultReported = true;
    }

    boolean faultReported() {
        return faultReported;
    }

    /** The current record's line in the file, from 1. Counts the lines before the slice when first asked. */
    long lineNumber() throws IOException {
        if (lineBase < 0) {
            lineBase = slice.start() == 0 ? 0 : linesBefore();
        }
        return lineBase + line;
    }

    private long linesBefore() throws IOException {
        FileSlice before = new FileSlice(slice.file(), 0, slice.start(), slice.fileBytes());
        try (RecordInput counted = new RecordInput(before, conf, CompressedInput.open(before, conf))) {
            while (counted.nextRecord()) {
                // nextRecord counts.
            }
            return counted.line;
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}

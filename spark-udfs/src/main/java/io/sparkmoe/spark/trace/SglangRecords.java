package io.sparkmoe.spark.trace;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import io.sparkmoe.spark.trace.BadRecord.Found;
import io.sparkmoe.spark.trace.SglangResponse.Payload;
import java.io.CharConversionException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/** The sequences of one slice, and what could not be used of it, in the order of the file. */
final class SglangRecords implements AutoCloseable {
    /** Either a sequence or a bad record. */
    record Item(@Nullable TraceSequence sequence, @Nullable BadRecord bad) {}

    private final FileSlice slice;
    private final RecordInput input;
    private final SglangJson json;
    private final SglangSequences checks;
    private final @Nullable DenseLayers denseLayers;
    private final Deque<Item> ready = new ArrayDeque<>();
    private @Nullable JsonParser parser;
    private @Nullable TraceSequence lent;
    private boolean inArray;
    private long values;
    private int choice;
    private boolean ended;

    SglangRecords(FileSlice slice, TraceOptions options, ModelFacts facts, Configuration conf) throws IOException {
        this.slice = slice;
        this.json = new SglangJson(options.tokenIds());
        this.checks = new SglangSequences(slice.file(), options, facts);
        this.denseLayers = DenseLayers.of(slice.file(), facts);
        this.input = RecordInput.open(slice, conf);
    }

    /**
     * The next item, or null at the end. A sequence is valid until the next call, which fills its memory again.
     *
     * @throws TraceFormatException at the end of a file with layers that are all zeros and no layer list
     */
    @Nullable
    Item next() throws IOException {
        if (lent != null) {
            json.recycle(lent.ids());
            lent = null;
        }
        while (ready.isEmpty() && !ended) {
            if (parser != null) {
                parseValue();
            } else if (input.nextRecord()) {
                parser = SglangJson.parser(input);
                values = 0;
                inArray = false;
                choice = 0;
            } else {
                end();
            }
        }
        Item item = ready.poll();
        if (item != null && item.sequence() != null && ready.isEmpty()) {
            lent = item.sequence();
        }
        return item;
    }

    private void end() throws IOException {
        ended = true;
        Found found = null;
        if (input.fault() != null && !input.faultReported()) {
            found = fault();
        } else if (slice.isWholeFile() && input.isBlank()) {
            found = new Found(
                    BadReason.EMPTY_FILE,
                    -1,
                    slice.fileBytes() + " bytes",
                    "one record or more",
                    "nothing could be read from it");
        }
        if (found != null) {
            ready.add(new Item(null, found.at(slice.file(), input.lineNumber() + 1, 0, new byte[0])));
        }
        if (denseLayers != null) {
            denseLayers.check();
        }
    }

    private void parseValue() throws IOException {
        JsonStreamContext outer = parser.getParsingContext();
        try {
            if (!step(parser.nextToken())) {
                parser = null;
            }
        } catch (Found e) {
            bad(e);
            recover(e, outer);
        } catch (JsonProcessingException e) {
            bad(notJson(e));
            parser = null;
        } catch (CharConversionException e) {
            bad(new Found(BadReason.NOT_JSON, 0, e.getMessage(), "JSON in UTF-8", "this is not text"));
            parser = null;
        }
    }

    /** Reads one value; false at the end of the record. */
    private boolean step(@Nullable JsonToken token) throws IOException, Found {
        if (token == null) {
            if (input.fault() != null && input.endedByFile()) {
                throw fault();
            }
            return false;
        }
        if (token == JsonToken.END_ARRAY && inArray) {
            inArray = false;
            return true;
        }
        if (!inArray && ++values > 1 && !input.isDocument()) {
            throw wrongToken(token, "one JSON value a line", "a second value stands on the line");
        }
        if (!inArray) {
            choice = 0;
        }
        if (token == JsonToken.START_ARRAY && !inArray) {
            inArray = true;
        } else if (token == JsonToken.START_OBJECT) {
            response();
            choice++;
        } else {
            throw wrongToken(token, "an object or an array of objects", "this is no response");
        }
        return true;
    }

    private Found wrongToken(JsonToken token, String allowed, String detail) {
        return new Found(BadReason.NOT_JSON, offset(), token.name(), allowed, detail);
    }

    private long offset() {
        return parser.currentTokenLocation().getByteOffset();
    }

    private void response() throws IOException, Found {
        SglangResponse response = json.read(parser);
        checks.checkWhole(response);
        for (Payload payload : response.payloads) {
            int number = response.choices > 0 ? payload.choice : choice;
            try {
                TraceSequence sequence = checks.sequence(response, payload, number);
                if (denseLayers != null) {
                    denseLayers.add(sequence.ids());
                }
                ready.add(new Item(sequence, null));
            } catch (Found e) {
                bad(e, number);
            }
        }
    }

    /** Goes on behind a bad element of an array or document, if the JSON itself can be followed. */
    private void recover(Found found, JsonStreamContext outer) throws IOException {
        if (!(inArray || input.isDocument()) || !found.leavesJsonReadable()) {
            parser = null;
            return;
        }
        choice++;
        try {
            while (parser.getParsingContext() != outer && parser.nextToken() != null) {
                // Skips the rest of the element.
            }
        } catch (JsonProcessingException e) {
            bad(notJson(e));
            parser = null;
        }
    }

    private Found notJson(JsonProcessingException e) throws IOException {
        if (input.fault() != null && input.endedByFile()) {
            return fault();
        }
        boolean cut = e instanceof JsonEOFException && input.endedByFile();
        return new Found(
                cut ? BadReason.TRUNCATED : BadReason.NOT_JSON,
                e.getLocation() == null ? -1 : e.getLocation().getByteOffset(),
                e.getOriginalMessage().split("\\(start marker|\n", 2)[0].trim(),
                "JSON",
                cut ? "the file ends inside this record" : "this is not JSON");
    }

    private Found fault() {
        input.reportFault();
        boolean truncated = input.faultIsTruncation();
        return new Found(
                truncated ? BadReason.TRUNCATED : BadReason.CORRUPT,
                -1,
                String.valueOf(input.fault().getMessage()),
                "whole compressed data",
                truncated ? "the compressed data ends early" : "the compressed data is damaged");
    }

    private void bad(Found found) throws IOException {
        bad(found, choice);
    }

    private void bad(Found found, int number) throws IOException {
        long record = input.isDocument() ? Math.max(1, values) : input.lineNumber();
        ready.add(new Item(null, found.at(slice.file(), record, number, input.keptBytes())));
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}

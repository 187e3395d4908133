package io.sparkmoe.core.contract;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPInputStream;

/** Reads the recorded outputs; their README says what they are. */
final class GoldenRows {
    private static final ObjectMapper JSON = new ObjectMapper();

    private GoldenRows() {}

    static List<JsonNode> read(String name) {
        InputStream file =
                Objects.requireNonNull(GoldenRows.class.getResourceAsStream("/golden/" + name + ".jsonl.gz"), name);
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(new GZIPInputStream(file), StandardCharsets.UTF_8))) {
            return lines.lines().map(GoldenRows::parse).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static boolean has(JsonNode row, String column) {
        return !row.path(column).isNull() && !row.path(column).isMissingNode();
    }

    static int[] ints(JsonNode row, String column) {
        int[] out = new int[row.get(column).size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = row.get(column).get(i).intValue();
        }
        return out;
    }

    /** Bits of {@code bytes} bytes each, little-endian in hexadecimal. */
    static int[] codes(JsonNode row, String column, int bytes) {
        byte[] raw = HexFormat.of().parseHex(row.get(column).textValue());
        int[] out = new int[raw.length / bytes];
        for (int i = 0; i < raw.length; i++) {
            out[i / bytes] |= (raw[i] & 0xff) << (8 * (i % bytes));
        }
        return out;
    }

    static float[] floats(JsonNode row, String column) {
        float[] out = new float[row.get(column).size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = row.get(column).get(i).floatValue();
        }
        return out;
    }

    static long[] longs(JsonNode row, String column) {
        long[] out = new long[row.get(column).size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = row.get(column).get(i).longValue();
        }
        return out;
    }
}

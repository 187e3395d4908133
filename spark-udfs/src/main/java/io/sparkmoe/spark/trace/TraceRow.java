package io.sparkmoe.spark.trace;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One row to be written: a block of positions of a sequence at one layer, or a bad record.
 *
 * @param layer index in the model, which is also the layer's index in the payload
 */
record TraceRow(
        @Nullable TraceSequence sequence, @Nullable BadRecord bad, int layer, int firstPosition, int numTokens) {

    static TraceRow bad(BadRecord bad) {
        return new TraceRow(null, bad, -1, 0, 0);
    }

    String source() {
        return sequence == null ? bad.file() : sequence.source();
    }

    int choice() {
        return sequence == null ? bad.choice() : sequence.choice();
    }

    Map<String, String> attributes() {
        if (sequence == null) {
            return Map.of("engine", TraceOptions.SGLANG);
        }
        Map<String, String> all = new LinkedHashMap<>(sequence.attributes());
        all.put("engine", TraceOptions.SGLANG);
        all.remove("cached");
        if (sequence.cached(firstPosition)) {
            all.put("cached", "true");
        }
        return all;
    }
}

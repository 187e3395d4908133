package io.sparkmoe.spark.trace;

import io.sparkmoe.core.routing.Memory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A block of positions of a sequence at one layer, or a bad record.
 *
 * @param at index of the layer in the model, which is also its index in the payload
 */
record SglangRow(@Nullable TraceSequence sequence, @Nullable BadRecord bad, int at, int first, int tokens, int topk)
        implements TraceRow {

    static SglangRow bad(BadRecord bad) {
        return new SglangRow(null, bad, -1, 0, 0, 0);
    }

    @Override
    public String source() {
        return sequence == null ? bad.file() : sequence.source();
    }

    @Override
    public @Nullable String requestId() {
        return sequence == null ? null : sequence.requestId();
    }

    @Override
    public int choice() {
        return sequence == null ? bad.choice() : sequence.choice();
    }

    @Override
    public @Nullable String checkpoint() {
        return sequence == null ? null : sequence.checkpoint();
    }

    @Override
    public @Nullable String phase() {
        return sequence == null ? null : sequence.phase(first);
    }

    @Override
    public @Nullable String slotOrder() {
        return sequence == null ? null : "unspecified";
    }

    @Override
    public @Nullable Integer layer() {
        return sequence == null ? null : (Integer) at;
    }

    @Override
    public @Nullable Integer firstPosition() {
        return sequence == null ? null : (Integer) first;
    }

    @Override
    public @Nullable Integer numTokens() {
        return sequence == null ? null : (Integer) tokens;
    }

    @Override
    public Map<String, String> attributes() {
        if (sequence == null) {
            return Map.of("engine", TraceOptions.SGLANG);
        }
        Map<String, String> all = new LinkedHashMap<>(sequence.attributes());
        all.put("engine", TraceOptions.SGLANG);
        all.remove("cached");
        if (sequence.cached(first)) {
            all.put("cached", "true");
        }
        return all;
    }

    /** Gathers the layer's ids from the payload's [rows, numLayers, topk]. */
    @Override
    public void putIds(long address, boolean wide) {
        IdStore ids = sequence.ids();
        long stride = (long) sequence.numLayers() * topk;
        long from = (first - sequence.start()) * stride + (long) at * topk;
        long to = address;
        for (int t = 0; t < tokens; t++, from += stride) {
            int offset = (int) from & IdStore.MASK;
            if (wide) {
                for (int k = 0; k < topk; k++, to += 4) {
                    Memory.putInt(to, ids.get(from + k));
                }
            } else if (!ids.isWide() && offset + topk <= IdStore.CHUNK) {
                short[] chunk = ids.narrowChunk((int) (from >>> IdStore.CHUNK_BITS));
                for (int k = 0; k < topk; k++, to += 2) {
                    Memory.putShort(to, chunk[offset + k]);
                }
            } else {
                for (int k = 0; k < topk; k++, to += 2) {
                    Memory.putShort(to, (short) ids.get(from + k));
                }
            }
        }
    }

    @Override
    public boolean hasTokens() {
        return sequence.hasTokens(first);
    }

    @Override
    public void putTokens(long address) {
        for (int t = 0; t < tokens; t++) {
            Memory.putInt(address + 4L * t, sequence.token(first + t));
        }
    }

    @Override
    public boolean hasWeights() {
        return false;
    }

    @Override
    public void putWeights(long address) {
        throw new UnsupportedOperationException("SGLang records no weights");
    }
}

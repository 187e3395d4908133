package io.sparkmoe.spark.trace;

import io.sparkmoe.core.routing.Memory;
import java.nio.IntBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A block of token rows of one layer file, or what cannot be used of it: such a row keeps its place.
 *
 * @param number of the layer, as in the name of its file; -1 = a fault of no one layer
 * @param data the block, just read; null where no column of the file is asked for
 * @param tokenIds of the block, or null
 */
record FlameRow(
        FlamePartition partition,
        int number,
        long first,
        int tokens,
        int topk,
        @Nullable FlameLayer data,
        @Nullable IntBuffer tokenIds,
        @Nullable BadRecord bad)
        implements TraceRow {

    @Override
    public String source() {
        return partition.source();
    }

    @Override
    public @Nullable String requestId() {
        return null;
    }

    @Override
    public int choice() {
        return 0;
    }

    @Override
    public String checkpoint() {
        return Long.toString(partition.iteration());
    }

    @Override
    public @Nullable String phase() {
        return null;
    }

    @Override
    public String slotOrder() {
        return "score_desc";
    }

    @Override
    public @Nullable Integer layer() {
        return number < 0 ? null : (Integer) number;
    }

    @Override
    public @Nullable Integer firstPosition() {
        return tokens == 0 ? null : (Integer) Math.toIntExact(first);
    }

    @Override
    public @Nullable Integer numTokens() {
        return tokens == 0 ? null : (Integer) tokens;
    }

    @Override
    public Map<String, String> attributes() {
        return Map.of("engine", TraceOptions.FLAME);
    }

    @Override
    public void putIds(long address, boolean wide) {
        int n = tokens * topk;
        if (!wide) {
            Memory.copy(data.ids(), Memory.SHORTS, address, 2L * n);
            return;
        }
        for (int i = 0; i < n; i++) {
            Memory.putInt(address + 4L * i, data.ids()[i]);
        }
    }

    @Override
    public boolean hasTokens() {
        return tokenIds != null;
    }

    @Override
    public void putTokens(long address) {
        Memory.copy(tokenIds.array(), Memory.INTS, address, 4L * tokens);
    }

    @Override
    public boolean hasWeights() {
        return data != null && data.weights() != null;
    }

    @Override
    public void putWeights(long address) {
        float[] weights = data.weights();
        for (int i = 0; i < tokens * topk; i++) {
            Memory.putInt(address + 4L * i, Float.floatToRawIntBits(weights[i]));
        }
    }
}

package io.sparkmoe.spark.trace;

import java.nio.IntBuffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The routing of one sequence, checked: ids [rows, numLayers, topk] of the positions [start, start + rows).
 *
 * @param promptTokens positions below are prefill
 * @param cachedTokens positions below were not computed by this request
 * @param numLayers layers in the payload, dense ones counted
 */
record TraceSequence(
        String source,
        @Nullable String requestId,
        int choice,
        @Nullable String checkpoint,
        int promptTokens,
        int cachedTokens,
        int start,
        int rows,
        int numLayers,
        IdStore ids,
        @Nullable IntBuffer promptIds,
        @Nullable IntBuffer outputIds,
        Map<String, String> attributes) {

    int end() {
        return start + rows;
    }

    String phase(int position) {
        return position < promptTokens ? "prefill" : "decode";
    }

    boolean cached(int position) {
        return position < cachedTokens;
    }

    /** Where the block ends that begins at a position: the next multiple of the row size, or a change of phase or cache. */
    int blockEnd(int position, int maxTokensPerRow) {
        long aligned = ((long) position / maxTokensPerRow + 1) * maxTokensPerRow;
        int end = (int) Math.min(end(), aligned);
        if (position < promptTokens) {
            end = Math.min(end, promptTokens);
        }
        return position < cachedTokens ? Math.min(end, cachedTokens) : end;
    }

    /** The token at a position; only where {@link #hasTokens} of its phase. */
    int token(int position) {
        return position < promptTokens ? promptIds.get(position) : outputIds.get(position - promptTokens);
    }

    boolean hasTokens(int position) {
        return (position < promptTokens ? promptIds : outputIds) != null;
    }
}

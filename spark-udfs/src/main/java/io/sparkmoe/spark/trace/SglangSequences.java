package io.sparkmoe.spark.trace;

import io.sparkmoe.spark.trace.BadRecord.Found;
import io.sparkmoe.spark.trace.SglangResponse.Payload;
import java.nio.IntBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks the payloads of a response against what the response says of itself and against the model. */
final class SglangSequences {
    private final String source;
    private final int startLen;
    private final boolean tokenIds;
    private final int numExperts;
    private final int topk;
    private final int numLayers;
    private final @Nullable LayerList moeLayers;

    SglangSequences(String source, TraceOptions options, ModelFacts facts) {
        this.source = source;
        this.startLen = options.startLen();
        this.tokenIds = options.tokenIds();
        this.numExperts = facts.requireNumExperts();
        this.topk = facts.requireTopk();
        this.numLayers = facts.requireNumLayers();
        this.moeLayers = facts.moeLayers();
    }

    /** Checks that the response has what every payload needs. */
    void checkWhole(SglangResponse response) throws Found {
        // A server may send one payload in both places; it counts once.
        Set<Integer> seen = new HashSet<>();
        response.payloads.removeIf(p -> !seen.add(p.choice));
        if (response.payloads.isEmpty()) {
            throw missing("routed_experts", "meta_info.routed_experts (or sglext.routed_experts)");
        }
        if (response.promptTokens == null) {
            throw missing("prompt_tokens", "meta_info.prompt_tokens (or usage.prompt_tokens)");
        }
        if (response.completionTokens == null) {
            throw missing("completion_tokens", "meta_info.completion_tokens (or usage.completion_tokens)");
        }
        if (response.choices > 1) {
            checkChoices(response);
        }
    }

    private static Found missing(String field, String allowed) {
        return new Found(BadReason.MISSING_FIELD, -1, "nothing", allowed, field + " is missing");
    }

    /** usage adds the completions of all choices up: they can be checked together, where every choice has a payload. */
    private void checkChoices(SglangResponse response) throws Found {
        long completions = 0;
        for (Payload payload : response.payloads) {
            completions += completion(response, payload);
        }
        long said = response.completionTokens;
        boolean all = response.payloads.size() == response.choices;
        if (completions > said || (all && completions < said)) {
            throw new Found(
                    BadReason.ROW_COUNT,
                    -1,
                    completions + " completion tokens",
                    said + " by usage",
                    "the payloads' rows of " + response.payloads.size() + " of " + response.choices
                            + " choices do not fit usage.completion_tokens");
        }
    }

    private long completion(SglangResponse response, Payload payload) throws Found {
        IdStore ids = payload.ids.as(type(response, payload));
        long rows = ids.size() / ((long) numLayers * topk);
        long completion = rows + 1 + start(response, payload) - response.promptTokens;
        if (completion < 0) {
            throw new Found(
                    BadReason.ROW_COUNT,
                    -1,
                    rows,
                    "at least " + (response.promptTokens - 1 - start(response, payload)),
                    "choice " + payload.choice + " has fewer rows than its prompt needs");
        }
        return completion;
    }

    private static PayloadType type(SglangResponse response, Payload payload) throws Found {
        return PayloadType.of(payload.dtype != null ? payload.dtype : response.common.dtype);
    }

    private long start(SglangResponse response, Payload payload) {
        Long start = payload.start != null ? payload.start : response.common.start;
        return start != null ? start : startLen;
    }

    /** The checked sequence of one payload. */
    TraceSequence sequence(SglangResponse response, Payload payload, int choice) throws Found {
        PayloadType type = type(response, payload);
        IdStore ids = payload.ids.as(type);
        if (ids.bytes() % type.bytes() != 0) {
            throw new Found(
                    BadReason.PAYLOAD_LENGTH,
                    ids.bytes(),
                    ids.bytes() + " bytes",
                    "a multiple of " + type.bytes() + " bytes",
                    "the payload does not hold whole ids");
        }
        long start = start(response, payload);
        long completion = response.choices > 1 ? completion(response, payload) : response.completionTokens;
        long rows = response.promptTokens + completion - 1 - start;
        new PayloadShape(numLayers, topk, start).check(ids.size(), rows);
        checkIds(ids);
        checkTokens("prompt_token_ids", response.promptIds, response.promptTokens);
        checkTokens("output_ids", response.outputIds, completion);
        return new TraceSequence(
                source,
                response.id,
                choice,
                response.weightVersion,
                response.promptTokens.intValue(),
                cached(response),
                (int) start,
                (int) rows,
                numLayers,
                ids,
                response.promptIds,
                response.outputIds,
                Map.copyOf(response.attributes));
    }

    private static int cached(SglangResponse response) throws Found {
        long cached = response.cachedTokens == null ? 0 : response.cachedTokens;
        if (cached > response.promptTokens) {
            throw new Found(
                    BadReason.FIELD_VALUE,
                    -1,
                    cached,
                    "0 to prompt_tokens = " + response.promptTokens,
                    "cached_tokens is not usable");
        }
        return (int) cached;
    }

    private void checkTokens(String field, @Nullable IntBuffer tokens, long expected) throws Found {
        if (tokenIds && tokens != null && tokens.capacity() != expected) {
            throw new Found(
                    BadReason.TOKEN_IDS,
                    -1,
                    tokens.capacity() + " ids",
                    expected + " ids",
                    field + " does not fit the token counts");
        }
    }

    private void checkIds(IdStore ids) throws Found {
        long bad = ids.firstOutside(numExperts);
        if (bad >= 0) {
            throw new Found(
                    BadReason.ID_RANGE,
                    bad,
                    ids.get(bad),
                    "-1 or 0 to " + (numExperts - 1),
                    "expert id out of range at " + place(bad));
        }
        for (int layer = 0; moeLayers != null && layer < numLayers; layer++) {
            if (!moeLayers.contains(layer)) {
                checkDense(ids, layer);
            }
        }
    }

    /** Dense layers are zeros in the payload; anything else means that the layer list is of another model. */
    private void checkDense(IdStore ids, int layer) throws Found {
        long row = (long) numLayers * topk;
        for (long at = (long) layer * topk; at < ids.size(); at += row) {
            for (int slot = 0; slot < topk; slot++) {
                if (ids.get(at + slot) > 0) {
                    throw new Found(
                            BadReason.LAYERS,
                            at + slot,
                            ids.get(at + slot),
                            "0 (layer " + layer + " is none of the MoE layers " + moeLayers + ")",
                            "a dense layer holds routes at " + place(at + slot));
                }
            }
        }
    }

    private String place(long index) {
        return "row " + index / ((long) numLayers * topk) + ", layer " + index / topk % numLayers + ", slot "
                + index % topk;
    }
}

package io.sparkmoe.spark.trace;

import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of one response as they were found, whatever their order; checked by {@link SglangSequences}. */
final class SglangResponse {
    /** One payload of the response. */
    static final class Payload {
        int choice;

        @Nullable
        IdStore ids;

        @Nullable
        String dtype;

        @Nullable
        Long start;
    }

    @Nullable
    String id;

    @Nullable
    String weightVersion;

    @Nullable
    Long promptTokens;

    @Nullable
    Long completionTokens;

    @Nullable
    Long cachedTokens;

    @Nullable
    IntBuffer promptIds;

    @Nullable
    IntBuffer outputIds;
    /** What the whole response says about its payloads. */
    final Payload common = new Payload();

    final List<Payload> payloads = new ArrayList<>();
    /** Choices of an OpenAI response; 0 for /generate, whose responses hold one sample each. */
    int choices;

    final Map<String, String> attributes = new LinkedHashMap<>();
}

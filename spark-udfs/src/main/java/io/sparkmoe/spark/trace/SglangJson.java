package io.sparkmoe.spark.trace;

import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.sparkmoe.spark.trace.SglangResponse.Payload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one SGLang response object, of /generate or in OpenAI's form, from a JSON stream. The payload goes from the
 * parser's buffer through base64 into an {@link IdStore} and is never a String; text is skipped unread.
 */
final class SglangJson {
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
            // Python writes NaN into fields that are skipped here.
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();
    /** Longer strings are taken for text, which is not kept. */
    private static final int MAX_ATTRIBUTE = 1024;

    private static final Set<String> NO_ATTRIBUTES = Set.of("text", "object");

    private final boolean tokenIds;
    private @Nullable IdStore spare = new IdStore();

    SglangJson(boolean tokenIds) {
        this.tokenIds = tokenIds;
    }

    static JsonParser parser(InputStream in) throws IOException {
        return FACTORY.createParser(in);
    }

    /** Takes a store back, to be filled again. */
    void recycle(IdStore store) {
        spare = store;
    }

    /** What to do with one field; the parser stands on its value. */
    private interface Field {
        void read(String name) throws IOException, BadRecord.Found;
    }

    private static void fields(JsonParser json, Field field) throws IOException, BadRecord.Found {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            json.skipChildren();
            return;
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            field.read(name);
        }
    }

    /** Reads the object that the parser stands at the start of. */
    SglangResponse read(JsonParser json) throws IOException, BadRecord.Found {
        SglangResponse response = new SglangResponse();
        fields(json, name -> {
            switch (name) {
                case "id" -> response.id = text(json, name);
                case "prompt_token_ids" -> response.promptIds = tokens(json, name);
                case "output_ids" -> response.outputIds = tokens(json, name);
                case "meta_info" -> fields(json, inner -> metaInfo(json, inner, response));
                case "metadata" -> fields(json, inner -> metadata(json, inner, response));
                case "usage" -> fields(json, inner -> usage(json, inner, response));
                case "sglext", "sgl_ext" -> extension(json, response, new Payload());
                case "choices" -> choices(json, response);
                case "weight_version" -> response.weightVersion = text(json, name);
                case "routed_experts_start_len" -> response.common.start = number(json, name);
                case "routed_experts_dtype" -> response.common.dtype = text(json, name);
                default -> attribute(json, name, response);
            }
        });
        return response;
    }

    private void metaInfo(JsonParser json, String name, SglangResponse response) throws IOException, BadRecord.Found {
        switch (name) {
            case "id" -> response.id = text(json, name);
            case "prompt_tokens" -> response.promptTokens = number(json, name);
            case "completion_tokens" -> response.completionTokens = number(json, name);
            case "cached_tokens" -> response.cachedTokens = number(json, name);
            case "weight_version" -> response.weightVersion = text(json, name);
            case "routed_experts" -> payload(json, response, new Payload(), response.common.dtype);
            case "routed_experts_start_len" -> response.common.start = number(json, name);
            case "routed_experts_dtype" -> response.common.dtype = text(json, name);
            default -> attribute(json, name, response);
        }
    }

    private void metadata(JsonParser json, String name, SglangResponse response) throws IOException, BadRecord.Found {
        if (name.equals("weight_version")) {
            response.weightVersion = text(json, name);
        } else {
            attribute(json, name, response);
        }
    }

    private void usage(JsonParser json, String name, SglangResponse response) throws IOException, BadRecord.Found {
        switch (name) {
            case "prompt_tokens" -> response.promptTokens = number(json, name);
            case "completion_tokens" -> response.completionTokens = number(json, name);
            case "prompt_tokens_details" ->
                fields(json, inner -> {
                    if (inner.equals("cached_tokens")) {
                        response.cachedTokens = number(json, inner);
                    } else {
                        json.skipChildren();
                    }
                });
            default -> json.skipChildren();
        }
    }

    private void choices(JsonParser json, SglangResponse response) throws IOException, BadRecord.Found {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            json.skipChildren();
            return;
        }
        while (json.nextToken() != JsonToken.END_ARRAY) {
            Payload payload = new Payload();
            payload.choice = response.choices++;
            fields(json, name -> {
                switch (name) {
                    case "index" -> payload.choice = Math.toIntExact(orZero(number(json, name)));
                    case "sgl_ext", "sglext" -> extension(json, response, payload);
                    default -> json.skipChildren();
                }
            });
        }
    }

    private static long orZero(@Nullable Long value) {
        return value == null ? 0 : value;
    }

    private void extension(JsonParser json, SglangResponse response, Payload payload)
            throws IOException, BadRecord.Found {
        fields(json, name -> {
            switch (name) {
                case "routed_experts" -> payload(json, response, payload, payload.dtype);
                case "routed_experts_start_len" -> payload.start = number(json, name);
                case "routed_experts_dtype" -> payload.dtype = text(json, name);
                default -> json.skipChildren();
            }
        });
    }

    private void payload(JsonParser json, SglangResponse response, Payload payload, @Nullable String dtype)
            throws IOException, BadRecord.Found {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return;
        }
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw unusable(json, "routed_experts", "a string of base64");
        }
        IdStore ids = spare == null ? new IdStore() : spare;
        spare = null;
        ids.reset(PayloadType.of(dtype));
        decode(json, ids);
        payload.ids = ids;
        response.payloads.add(payload);
    }

    private static void decode(JsonParser json, IdStore into) throws IOException, BadRecord.Found {
        try {
            json.readBinaryValue(Base64Variants.MIME_NO_LINEFEEDS, into);
        } catch (JsonEOFException e) {
            throw e;
        } catch (JsonParseException | IllegalArgumentException e) {
            throw new BadRecord.Found(
                    BadReason.BASE64,
                    into.bytes(),
                    String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                    "base64 (RFC 4648) with padding",
                    "routed_experts cannot be decoded after " + into.bytes() + " bytes");
        }
    }

    private @Nullable IntBuffer tokens(JsonParser json, String name) throws IOException, BadRecord.Found {
        if (!tokenIds || json.currentToken() != JsonToken.START_ARRAY) {
            json.skipChildren();
            return null;
        }
        int[] out = new int[256];
        int n = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw unusable(json, name, "token ids");
            }
            out = n == out.length ? Arrays.copyOf(out, 2 * n) : out;
            out[n++] = json.getIntValue();
        }
        return IntBuffer.wrap(Arrays.copyOf(out, n));
    }

    private static @Nullable Long number(JsonParser json, String name) throws IOException, BadRecord.Found {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return null;
        }
        boolean whole = json.currentToken() == JsonToken.VALUE_NUMBER_INT
                && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
        long value = whole ? json.getLongValue() : -1;
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw unusable(json, name, "a whole number from 0 to " + Integer.MAX_VALUE);
        }
        return value;
    }

    private static @Nullable String text(JsonParser json, String name) throws IOException, BadRecord.Found {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return null;
        }
        if (!json.currentToken().isScalarValue()) {
            throw unusable(json, name, "a string");
        }
        return json.getText();
    }

    private static void attribute(JsonParser json, String name, SglangResponse response) throws IOException {
        boolean scalar = json.currentToken().isScalarValue() && json.currentToken() != JsonToken.VALUE_NULL;
        if (scalar && !NO_ATTRIBUTES.contains(name)) {
            String value = json.getText();
            if (value.length() <= MAX_ATTRIBUTE) {
                response.attributes.put(name, value);
            }
        }
        json.skipChildren();
    }

    private static BadRecord.Found unusable(JsonParser json, String name, String allowed) throws IOException {
        JsonToken token = json.currentToken();
        String seen =
                token.isScalarValue() ? json.getText() : token == JsonToken.START_ARRAY ? "an array" : "an object";
        return new BadRecord.Found(
                BadReason.FIELD_VALUE,
                json.currentTokenLocation().getByteOffset(),
                seen.substring(0, Math.min(seen.length(), 100)),
                allowed,
                name + " is not usable");
    }
}

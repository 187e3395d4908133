package io.sparkmoe.spark.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.jspecify.annotations.Nullable;

/**
 * The options of {@code moe_trace}, checked.
 *
 * @param paths files, folders and globs
 * @param given the model facts given as options, without the config's
 * @param startLen position of the first recorded token where records do not say
 * @param markBad bad records become marked rows instead of stopping the job
 * @param tokenIds fill {@code token_ids}, which is user text
 */
record TraceOptions(
        String recorder,
        List<String> paths,
        ModelFacts given,
        @Nullable String modelConfig,
        int startLen,
        int maxTokensPerRow,
        boolean markBad,
        boolean tokenIds)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    static final String SGLANG = "sglang";
    static final String TRACE = "trace";
    static final String FLAME = "flame";
    private static final int DEFAULT_TOKENS_PER_ROW = 1024;
    /** Keeps the ids of one row below 2^27 at topk 32, far inside an Arrow vector. */
    private static final int MAX_TOKENS_PER_ROW = 1 << 22;

    static TraceOptions of(Map<String, String> map) {
        CaseInsensitiveStringMap options = new CaseInsensitiveStringMap(map);
        String layers = options.get("moeLayers");
        ModelFacts given = new ModelFacts(
                integer(options, "numExperts"),
                integer(options, "topk"),
                integer(options, "numLayers"),
                layers == null ? null : LayerList.parse("moeLayers", layers));
        return new TraceOptions(
                oneOf(options, "recorder", null, SGLANG, TRACE, FLAME),
                paths(options),
                given,
                options.get("modelConfig"),
                bounded(options, "startLen", 0, 0, Integer.MAX_VALUE),
                bounded(options, "maxTokensPerRow", DEFAULT_TOKENS_PER_ROW, 1, MAX_TOKENS_PER_ROW),
                oneOf(options, "onBadRows", "fail", "fail", "mark").equals("mark"),
                oneOf(options, "tokenIds", "false", "false", "true").equals("true"));
    }

    /** The facts of options and config together; an option wins over the config. */
    ModelFacts facts(Configuration conf) {
        return modelConfig == null ? given : given.over(ModelFacts.fromConfig(modelConfig, conf));
    }

    private static List<String> paths(CaseInsensitiveStringMap options) {
        List<String> found = new ArrayList<>();
        String one = options.get("path");
        if (one != null) {
            found.add(one);
        }
        String many = options.get("paths");
        if (many != null) {
            try {
                found.addAll(List.of(new ObjectMapper().readValue(many, String[].class)));
            } catch (JsonProcessingException e) {
                throw new TraceFormatException(
                        "paths = '" + many + "' is not a JSON array of strings, such as [\"a.jsonl\", \"b.jsonl\"].",
                        e);
            }
        }
        if (found.isEmpty()) {
            throw new TraceFormatException("No input is given. Give files, folders or globs by load(...) or by the "
                    + "option path (several: paths, a JSON array).");
        }
        return found;
    }

    private static @Nullable Integer integer(CaseInsensitiveStringMap options, String name) {
        String text = options.get(name);
        if (text == null) {
            return null;
        }
        try {
            return Integer.valueOf(text.trim());
        } catch (NumberFormatException e) {
            throw new TraceFormatException(name + " = '" + text + "' is not a whole number.", e);
        }
    }

    private static int bounded(CaseInsensitiveStringMap options, String name, int otherwise, int min, int max) {
        Integer value = integer(options, name);
        if (value != null && (value < min || value > max)) {
            throw new TraceFormatException(
                    name + " = " + value + " is not allowed; give a number from " + min + " to " + max + ".");
        }
        return value == null ? otherwise : value;
    }

    private static String oneOf(
            CaseInsensitiveStringMap options, String name, @Nullable String otherwise, String... allowed) {
        String text = options.getOrDefault(name, otherwise);
        String value = text == null ? null : text.trim().toLowerCase(Locale.ROOT);
        if (value == null || !List.of(allowed).contains(value)) {
            throw new TraceFormatException(name + (text == null ? " is not given" : " = '" + text + "' is not known")
                    + "; give one of " + String.join(", ", allowed) + ".");
        }
        return value;
    }
}

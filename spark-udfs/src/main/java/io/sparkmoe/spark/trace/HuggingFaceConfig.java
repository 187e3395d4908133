package io.sparkmoe.spark.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads {@link ModelFacts} from a Hugging Face config.json, in the spellings of the model families. */
final class HuggingFaceConfig {
    private static final String[] NUM_EXPERTS = {"num_local_experts", "n_routed_experts", "num_experts"};
    private static final String[] TOPK = {"num_experts_per_tok"};
    private static final String[] NUM_LAYERS = {"num_hidden_layers"};
    /** Where multimodal models keep the facts of their language model; these win over the outer object. */
    private static final String[] NESTS = {"text_config", "language_config", "llm_config"};

    private final String file;
    private final List<JsonNode> nodes = new ArrayList<>();

    private HuggingFaceConfig(JsonNode root, String file) {
        this.file = file;
        for (String nest : NESTS) {
            if (root.path(nest).isObject()) {
                nodes.add(root.get(nest));
            }
        }
        nodes.add(root);
    }

    static ModelFacts read(InputStream in, String file) throws IOException {
        JsonNode root = new ObjectMapper().readTree(in);
        if (!root.isObject()) {
            throw new IOException("it holds no JSON object");
        }
        HuggingFaceConfig config = new HuggingFaceConfig(root, file);
        Integer layers = config.integer(NUM_LAYERS);
        return new ModelFacts(config.integer(NUM_EXPERTS), config.integer(TOPK), layers, config.moeLayers(layers));
    }

    private @Nullable JsonNode find(String... names) {
        for (JsonNode node : nodes) {
            for (String name : names) {
                if (node.hasNonNull(name)) {
                    return node.get(name);
                }
            }
        }
        return null;
    }

    private @Nullable Integer integer(String... names) {
        JsonNode value = find(names);
        if (value == null) {
            return null;
        }
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw new TraceFormatException(
                    file + ": " + String.join(" or ", names) + " = " + value + " is not a whole number.");
        }
        return value.intValue();
    }

    private int integer(String name, int otherwise) {
        Integer value = integer(name);
        return value == null ? otherwise : value;
    }

    /** The layers that route, or null where the config says nothing about it (then the data must show no dense layer). */
    private @Nullable LayerList moeLayers(@Nullable Integer numLayers) {
        JsonNode named = find("moe_layers");
        if (named != null && named.isArray()) {
            return LayerList.of(ints(named));
        }
        if (numLayers == null) {
            return null;
        }
        JsonNode frequency = find("moe_layer_freq");
        if (frequency != null && frequency.isArray()) {
            return flagged(ints(frequency), numLayers);
        }
        if (find("interleave_moe_layer_step") != null) {
            int step = step("interleave_moe_layer_step");
            return where(numLayers, layer -> (layer + 1) % step == 0);
        }
        if (find("first_k_dense_replace", "moe_layer_freq") != null) {
            int dense = integer("first_k_dense_replace", 0);
            int step = step("moe_layer_freq");
            return where(numLayers, layer -> layer >= dense && layer % step == 0);
        }
        if (find("mlp_only_layers", "decoder_sparse_step") != null) {
            JsonNode only = find("mlp_only_layers");
            LayerList dense = LayerList.of(only == null ? new int[0] : ints(only));
            int step = step("decoder_sparse_step");
            return where(numLayers, layer -> !dense.contains(layer) && (layer + 1) % step == 0);
        }
        return null;
    }

    private int step(String name) {
        int step = integer(name, 1);
        if (step < 1) {
            throw new TraceFormatException(file + ": " + name + " = " + step + " must be 1 or more. "
                    + "Give the layers with the option moeLayers instead.");
        }
        return step;
    }

    private LayerList flagged(int[] flags, int numLayers) {
        if (flags.length != numLayers) {
            throw new TraceFormatException(file + ": moe_layer_freq lists " + flags.length
                    + " layers, num_hidden_layers is " + numLayers + ". Give the layers with the option moeLayers.");
        }
        return where(numLayers, layer -> flags[layer] != 0);
    }

    private static LayerList where(int numLayers, IntPredicate routes) {
        return LayerList.of(IntStream.range(0, numLayers).filter(routes).toArray());
    }

    private int[] ints(JsonNode array) {
        int[] out = new int[array.size()];
        for (int i = 0; i < out.length; i++) {
            JsonNode value = array.get(i);
            if (!value.isIntegralNumber() && !value.isBoolean()) {
                throw new TraceFormatException(file + ": " + value + " in a list of layers is not a whole number.");
            }
            out[i] = value.isBoolean() ? (value.booleanValue() ? 1 : 0) : value.intValue();
        }
        return out;
    }
}

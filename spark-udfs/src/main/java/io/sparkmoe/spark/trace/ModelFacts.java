package io.sparkmoe.spark.trace;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has to be known of the recorded model. Any fact may be unknown (null) until it is needed.
 *
 * @param numExperts routed experts a layer, E; ids are in [0, E)
 * @param topk experts a token and layer
 * @param numLayers all hidden layers, dense ones counted (num_hidden_layers)
 * @param moeLayers the layers that route; null = not known
 */
public record ModelFacts(
        @Nullable Integer numExperts,
        @Nullable Integer topk,
        @Nullable Integer numLayers,
        @Nullable LayerList moeLayers)
        implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ModelFacts.class);

    /** Nothing known. */
    public static final ModelFacts UNKNOWN = new ModelFacts(null, null, null, null);

    /**
     * Checks each fact and how they fit together.
     *
     * @throws TraceFormatException naming the option, the value and the allowed range
     */
    public ModelFacts {
        positive("numExperts", numExperts);
        positive("topk", topk);
        positive("numLayers", numLayers);
        if (numExperts != null && topk != null && topk > numExperts) {
            throw new TraceFormatException("topk = " + topk + " is more than numExperts = " + numExperts
                    + ". Check both against the recorded model.");
        }
        checkLayers(numLayers, moeLayers);
    }

    private static void positive(String name, @Nullable Integer value) {
        if (value != null && value < 1) {
            throw new TraceFormatException(
                    name + " = " + value + " is not allowed; give a number from 1 to " + Integer.MAX_VALUE + ".");
        }
    }

    private static void checkLayers(@Nullable Integer numLayers, @Nullable LayerList moeLayers) {
        if (moeLayers == null) {
            return;
        }
        if (moeLayers.size() == 0) {
            throw new TraceFormatException("The list of MoE layers is empty: this model routes nowhere. "
                    + "Check modelConfig, or give the layers with the option moeLayers, such as 3-60,62.");
        }
        int last = moeLayers.get(moeLayers.size() - 1);
        if (numLayers != null && last >= numLayers) {
            throw new TraceFormatException("moeLayers = " + moeLayers + " names layer " + last
                    + ", but the model has numLayers = " + numLayers + " (layers 0 to " + (numLayers - 1)
                    + ", dense ones counted). Correct one of them.");
        }
    }

    /**
     * Reads a Hugging Face config.json through Hadoop's file systems.
     *
     * @throws TraceFormatException when it cannot be read or is no such file
     */
    public static ModelFacts fromConfig(String file, Configuration conf) {
        Path path = new Path(file);
        try (InputStream in = path.getFileSystem(conf).open(path)) {
            return HuggingFaceConfig.read(in, file);
        } catch (IOException e) {
            throw new TraceFormatException(
                    "modelConfig = '" + file + "' cannot be read as a Hugging Face config.json: " + e.getMessage()
                            + ". Give the path of the model's config.json, or the facts by the options numExperts, topk, "
                            + "numLayers and moeLayers.",
                    e);
        }
    }

    /** These facts where given, else those of the config; a difference is logged and these win. */
    public ModelFacts over(ModelFacts config) {
        return new ModelFacts(
                prefer("numExperts", numExperts, config.numExperts),
                prefer("topk", topk, config.topk),
                prefer("numLayers", numLayers, config.numLayers),
                prefer("moeLayers", moeLayers, config.moeLayers));
    }

    private static <T> @Nullable T prefer(String name, @Nullable T option, @Nullable T config) {
        if (option == null) {
            return config;
        }
        if (config != null && !config.equals(option)) {
            LOG.warn("Option {} = {} is used; the model config says {}.", name, option, config);
        }
        return option;
    }

    /** E, or an error that names the option. */
    public int requireNumExperts() {
        return require("numExperts", "the number of routed experts", numExperts);
    }

    /** Experts a token, or an error that names the option. */
    public int requireTopk() {
        return require("topk", "the number of experts a token", topk);
    }

    /** All hidden layers, or an error that names the option. */
    public int requireNumLayers() {
        return require("numLayers", "the number of hidden layers, dense ones counted", numLayers);
    }

    private static int require(String option, String what, @Nullable Integer value) {
        if (value == null) {
            throw new TraceFormatException("Missing " + what + ". Give the option " + option
                    + " (command line: --" + option.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT)
                    + "), or modelConfig with the model's config.json, which also tells it.");
        }
        return value;
    }
}

package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.trace.LayerList;
import io.sparkmoe.spark.trace.ModelFacts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which recording is read, and what has to be known of its model. */
public final class InputOptions {
    @Option(
            names = "--input",
            paramLabel = "URI",
            arity = "1..*",
            description = "Files, folders or globs on any Hadoop file system.")
    private List<String> input = new ArrayList<>();

    @Option(
            names = "--recorder",
            paramLabel = "NAME",
            description = "Who recorded it: sglang (JSON responses with return_routed_experts, plain or compressed), "
                    + "trace (Parquet trace tables) or flame (FLAME-MoE-Traces as published: a model's folder, its actives, or "
                    + "iterations). Default: by the files' names, flame for iter_N/layer_L.parquet, trace for other .parquet, "
                    + "else sglang.")
    private @Nullable Recorder recorder;

    @Option(
            names = "--model-config",
            paramLabel = "FILE",
            description = "The model's Hugging Face config.json; it tells experts, topk and layers.")
    private @Nullable String modelConfig;

    @Option(
            names = "--num-experts",
            paramLabel = "E",
            converter = PositiveInt.class,
            description = "Routed experts a layer.")
    private @Nullable Integer numExperts;

    @Option(
            names = "--topk",
            paramLabel = "K",
            converter = PositiveInt.class,
            description = "Experts a token and layer.")
    private @Nullable Integer topk;

    @Option(
            names = "--num-layers",
            paramLabel = "L",
            converter = PositiveInt.class,
            description = "Hidden layers of the model, dense ones counted.")
    private @Nullable Integer numLayers;

    @Option(names = "--moe-layers", paramLabel = "LIST", description = "The layers that route, such as 3-60,62.")
    private @Nullable String moeLayers;

    @Option(
            names = "--start-len",
            paramLabel = "N",
            description = "Position of the first recorded token, for recordings that do not say it. Default: 0.")
    private @Nullable Integer startLen;

    @Option(
            names = "--max-tokens-per-row",
            paramLabel = "N",
            converter = PositiveInt.class,
            description = "Tokens a row of the trace table holds at most. Default: 1024.")
    private @Nullable Integer maxTokensPerRow;

    private boolean tokenIds;

    List<String> input() {
        return input;
    }

    @Nullable
    Recorder recorder() {
        return recorder;
    }

    @Nullable
    String moeLayers() {
        return moeLayers;
    }

    @Nullable
    String modelConfig() {
        return modelConfig;
    }

    /** Reads the given files instead, with this config. */
    void replace(List<String> files, Recorder newRecorder, String config) {
        input = files;
        recorder = newRecorder;
        modelConfig = config;
    }

    /** The same options for other files. */
    InputOptions of(List<String> files) {
        InputOptions out = new InputOptions();
        out.input = files;
        out.recorder = recorder;
        out.modelConfig = modelConfig;
        out.numExperts = numExperts;
        out.topk = topk;
        out.numLayers = numLayers;
        out.moeLayers = moeLayers;
        out.startLen = startLen;
        out.maxTokensPerRow = maxTokensPerRow;
        out.tokenIds = tokenIds;
        return out;
    }

    /** Reads token ids too. */
    void withTokenIds() {
        tokenIds = true;
    }

    /** What the options and the config tell of the model. */
    ModelFacts facts(Configuration conf) {
        ModelFacts given = new ModelFacts(
                numExperts, topk, numLayers, moeLayers == null ? null : LayerList.parse("moeLayers", moeLayers));
        return modelConfig == null ? given : given.over(ModelFacts.fromConfig(modelConfig, conf));
    }

    /** The options of the data source that were given. */
    Map<String, String> readerOptions() {
        Map<String, String> out = new LinkedHashMap<>();
        put(out, "modelConfig", modelConfig);
        put(out, "numExperts", numExperts);
        put(out, "topk", topk);
        put(out, "numLayers", numLayers);
        put(out, "moeLayers", moeLayers);
        put(out, "startLen", startLen);
        put(out, "maxTokensPerRow", maxTokensPerRow);
        put(out, "tokenIds", tokenIds ? true : null);
        return out;
    }

    private static void put(Map<String, String> out, String name, @Nullable Object value) {
        if (value != null) {
            out.put(name, value.toString());
        }
    }
}

package io.sparkmoe.spark.jobs;

import io.sparkmoe.spark.trace.LayerList;
import io.sparkmoe.spark.trace.ModelFacts;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/** The MoE layers that the options or the model's config name. */
final class ModelLayers {
    private ModelLayers() {}

    /** The layers, ascending, or null where nothing names them. */
    static @Nullable List<Integer> of(SparkSession spark, InputOptions input) {
        LayerList layers = input.moeLayers() == null ? null : LayerList.parse("moeLayers", input.moeLayers());
        if (layers == null && input.modelConfig() != null) {
            layers = ModelFacts.fromConfig(
                            input.modelConfig(), spark.sessionState().newHadoopConf())
                    .moeLayers();
        }
        return layers == null ? null : Arrays.stream(layers.toArray()).boxed().toList();
    }
}

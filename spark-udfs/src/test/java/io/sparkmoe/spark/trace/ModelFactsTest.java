package io.sparkmoe.spark.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Model facts from the config.json spellings of the model families, and from options. */
final class ModelFactsTest {
    @TempDir
    Path folder;

    private static ModelFacts config(String json) throws IOException {
        return HuggingFaceConfig.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "config.json");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // Mixtral: nothing about layers, so the data has to show that none is dense.
                "{'num_hidden_layers':32,'num_local_experts':8,'num_experts_per_tok':2} | 8 | 2 | 32 | null",
                // DeepSeek-V3
                "{'num_hidden_layers':61,'n_routed_experts':256,'num_experts_per_tok':8,'first_k_dense_replace':3,"
                        + "'moe_layer_freq':1} | 256 | 8 | 61 | 3-60",
                "{'num_hidden_layers':6,'n_routed_experts':4,'num_experts_per_tok':2,'first_k_dense_replace':1,"
                        + "'moe_layer_freq':2} | 4 | 2 | 6 | 2,4",
                // MiMo: a flag a layer
                "{'num_hidden_layers':5,'n_routed_experts':4,'num_experts_per_tok':2,'moe_layer_freq':[0,1,1,0,1]} "
                        + "| 4 | 2 | 5 | 1-2,4",
                // Qwen-MoE
                "{'num_hidden_layers':6,'num_experts':60,'num_experts_per_tok':4,'decoder_sparse_step':2,"
                        + "'mlp_only_layers':[3]} | 60 | 4 | 6 | 1,5",
                "{'num_hidden_layers':9,'num_experts':64,'num_experts_per_tok':8,'mlp_only_layers':[0]} | 64 | 8 | 9 | 1-8",
                // Llama-4, nested
                "{'num_hidden_layers':1,'text_config':{'num_hidden_layers':6,'num_local_experts':16,"
                        + "'num_experts_per_tok':1,'interleave_moe_layer_step':2}} | 16 | 1 | 6 | 1,3,5",
                "{'text_config':{'num_hidden_layers':6,'num_local_experts':16,'num_experts_per_tok':1,"
                        + "'interleave_moe_layer_step':2,'moe_layers':[0,5]}} | 16 | 1 | 6 | 0,5",
                "{} | null | null | null | null"
            })
    void readsEverySpelling(String json, String experts, String topk, String layers, String moeLayers)
            throws IOException {
        ModelFacts facts = config(json.replace('\'', '"'));
        assertThat(String.valueOf(facts.numExperts())).isEqualTo(experts);
        assertThat(String.valueOf(facts.topk())).isEqualTo(topk);
        assertThat(String.valueOf(facts.numLayers())).isEqualTo(layers);
        assertThat(String.valueOf(facts.moeLayers())).isEqualTo(moeLayers);
    }

    @Test
    void anOptionWinsOverTheConfig() throws IOException {
        ModelFacts given = new ModelFacts(null, 4, null, LayerList.parse("moeLayers", "2-4, 1"));
        ModelFacts facts = given.over(config("{\"num_experts\":64,\"num_experts_per_tok\":8,\"num_hidden_layers\":9}"));
        assertThat(facts).isEqualTo(new ModelFacts(64, 4, 9, LayerList.of(1, 2, 3, 4)));
    }

    @Test
    void missingFactsNameTheirOption() {
        assertThatThrownBy(ModelFacts.UNKNOWN::requireNumExperts)
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContainingAll("numExperts", "--num-experts", "modelConfig");
        assertThatThrownBy(ModelFacts.UNKNOWN::requireTopk).hasMessageContaining("--topk");
        assertThatThrownBy(ModelFacts.UNKNOWN::requireNumLayers).hasMessageContaining("--num-layers");
    }

    @Test
    void factsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> new ModelFacts(0, null, null, null)).hasMessageContaining("numExperts = 0");
        assertThatThrownBy(() -> new ModelFacts(4, 5, null, null)).hasMessageContaining("topk = 5");
        assertThatThrownBy(() -> new ModelFacts(null, null, 3, LayerList.of(1, 3)))
                .hasMessageContaining("layer 3");
        assertThatThrownBy(() -> config("{\"num_experts\":\"many\"}")).hasMessageContaining("num_experts");
        assertThatThrownBy(() -> config("{\"num_hidden_layers\":2,\"moe_layer_freq\":[1]}"))
                .hasMessageContaining("moe_layer_freq");
        assertThatThrownBy(() -> config("{\"num_hidden_layers\":2,\"first_k_dense_replace\":2}"))
                .hasMessageContaining("routes nowhere");
    }

    @Test
    void anUnreadableConfigIsNamed() throws IOException {
        assertThatThrownBy(
                        () -> ModelFacts.fromConfig(folder.resolve("none.json").toString(), new Configuration()))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContainingAll("modelConfig", "none.json");
        Path text = SglangFixture.write(folder, "text.json", "not json");
        assertThatThrownBy(() -> ModelFacts.fromConfig(text.toString(), new Configuration()))
                .isInstanceOf(TraceFormatException.class)
                .hasMessageContaining("text.json");
    }

    @Test
    void layerListsPrintAsTheyAreWritten() {
        for (String text : new String[] {"0", "3-60,62", "1-2,4,7-9"}) {
            assertThat(LayerList.parse("moeLayers", text)).hasToString(text);
        }
    }
}

package io.sparkmoe.spark.report;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes summary.json, the report's numbers for programs, in UTF-8 with these keys:
 *
 * <ul>
 *   <li>{@code schema_version}: 1; a change of meaning raises it, a new key does not
 *   <li>{@code source}: inputs, recorder, files, bytes, rows, sequences, tokens, prefill_tokens, decode_tokens,
 *       cached_tokens, cached_excluded, ids, masked_ids, quarantined
 *   <li>{@code model}: name, num_experts, topk, moe_layers, ep_size (null when not given)
 *   <li>{@code layers}: layer, counts [num_experts], metrics by name (null where undefined)
 *   <li>{@code overall}: metrics by name
 *   <li>{@code padding}: layer (null for all), phase, tokens_per_pass, block_size, passes, blocks, slots, used;
 *       waste = 1 - used / slots
 *   <li>{@code analyses}: coactivation (layer, tokens, ids_of_pairs, excess_share, strongest: layer, expert, with_expert,
 *       token_count, share_of_expert, share_of_other, lift), transitions (from_layer, to_layer, count, excess_share,
 *       strongest: from_expert, to_expert, count, of_row, of_column, expected), comparisons as {@link
 *       AnalysisModel.Comparison}, domains (totals: domain, tokens; strongest: domain, layer, expert, count,
 *       share_of_domain, share_of_expert, times_uniform, times_all_domains), vocabulary as {@link
 *       AnalysisModel.Vocabulary}, windows (unit, windows, worst: layer, column, imbalance, expert, from, to), capacity
 *       summed over layers, notes (analysis, text); empty lists where nothing was asked for. Their matrices stand in the
 *       tables
 *   <li>{@code audit}: source, reason, records, tokens, ids
 *   <li>{@code run}: spark_moe_version, spark_version, java_version, backend, created_at, seconds, command
 *   <li>{@code highlights}: most_imbalanced_layers and hottest_experts (layer, expert, count, share,
 *       times_uniform), median_imbalance, idle_experts, block_sizes (phase, tokens_per_pass, by_block_size:
 *       block_size, waste)
 * </ul>
 */
public final class SummaryJson {
    private static final int SCHEMA_VERSION = 1;
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .addMixIn(ReportModel.class, WithoutAnalyses.class)
            .addModule(new SimpleModule().addSerializer(Double.class, new FiniteOrNull()))
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)
            .build();

    private SummaryJson() {}

    /** The matrices are for the tables. */
    private interface WithoutAnalyses {
        @JsonIgnore
        AnalysisModel analyses();
    }

    /** Writes the whole document; the stream stays open. */
    public static void write(ReportModel model, OutputStream out) throws IOException {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("schema_version", SCHEMA_VERSION);
        root.setAll((ObjectNode) MAPPER.valueToTree(model));
        root.set("analyses", MAPPER.valueToTree(AnalysisTotals.of(model)));
        root.set("highlights", MAPPER.valueToTree(Findings.of(model)));
        MAPPER.writeValue(out, root);
    }

    /** JSON has no NaN and no infinity: a metric without a finite value is undefined. */
    private static final class FiniteOrNull extends JsonSerializer<Double> {
        @Override
        public void serialize(Double value, JsonGenerator json, SerializerProvider provider) throws IOException {
            if (Double.isFinite(value)) {
                json.writeNumber(value);
            } else {
                json.writeNull();
            }
        }
    }
}

package io.sparkmoe.spark.report;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything a routing report shows, and what summary.json holds: aggregates only, no text and no token ids.
 *
 * @param source what was read
 * @param model the facts of the recorded model
 * @param layers one entry a MoE layer, ascending
 * @param overall metrics over all layers, by name
 * @param padding replayed forward passes, summed over layers and also a layer
 * @param analyses what further analyses found
 * @param audit one line a source and reason; empty when nothing was found
 * @param run how the report was made
 */
public record ReportModel(
        Source source,
        Model model,
        List<Layer> layers,
        Map<String, @Nullable Double> overall,
        List<Padding> padding,
        AnalysisModel analyses,
        List<AuditLine> audit,
        Run run) {
    /** Checks that every layer counts every expert. */
    public ReportModel {
        for (Layer layer : layers) {
            if (layer.counts().length != model.numExperts()) {
                throw new IllegalArgumentException("layer " + layer.layer() + " has " + layer.counts().length
                        + " counts, expected one for each of the model's " + model.numExperts() + " experts");
            }
        }
    }

    /**
     * What was read.
     *
     * @param inputs the URIs given
     * @param recorder sglang, trace
     * @param sequences distinct (source, request_id, choice)
     * @param cachedTokens tokens whose routing an earlier request had computed; counted in load unless excluded
     * @param quarantined records put aside as unusable
     */
    public record Source(
            List<String> inputs,
            String recorder,
            long files,
            long bytes,
            long rows,
            long sequences,
            long tokens,
            long prefillTokens,
            long decodeTokens,
            long cachedTokens,
            boolean cachedExcluded,
            long ids,
            long maskedIds,
            long quarantined) {}

    /**
     * Facts of the model.
     *
     * @param moeLayers indexes of the MoE layers in the model
     * @param epSize ranks for the rank metrics, or null
     */
    public record Model(
            String name,
            int numExperts,
            int topk,
            List<Integer> moeLayers,
            @Nullable Integer epSize) {}

    /**
     * One MoE layer.
     *
     * @param counts [num_experts] ids of each expert
     * @param metrics the balance metrics by column name; null where the metric is undefined
     */
    @SuppressWarnings("ArrayRecordComponent") // Read only; a list would box every count.
    public record Layer(int layer, long[] counts, Map<String, @Nullable Double> metrics) {
        /** Ids of all experts together. */
        long ids() {
            return Arrays.stream(counts).sum();
        }
    }

    /**
     * Padding of replayed passes; waste = 1 - used / slots.
     *
     * @param layer the layer, or null for the sum over layers
     * @param phase prefill or decode
     * @param tokensPerPass tokens of a replayed pass
     */
    public record Padding(
            @Nullable Integer layer,
            String phase,
            int tokensPerPass,
            int blockSize,
            long passes,
            long blocks,
            long slots,
            long used) {
        /** Share of the slots that hold no id; NaN without slots. */
        double waste() {
            return 1 - (double) used / slots;
        }
    }

    /** One line of the audit; see the tables. */
    public record AuditLine(String source, String reason, long records, long tokens, long ids) {
        /** Whether it speaks of something wrong or doubtful; cached tokens are neither. */
        public boolean isOdd() {
            return !reason.equals("cached");
        }
    }

    /**
     * How the report was made.
     *
     * @param createdAt ISO-8601, UTC
     * @param command the command line, for the page's footer
     */
    public record Run(
            String sparkMoeVersion,
            String sparkVersion,
            String javaVersion,
            String backend,
            String createdAt,
            double seconds,
            String command) {}
}

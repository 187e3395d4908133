package io.sparkmoe.spark.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the analyses found, for the report's sections and summary.json: exact sums only. An analysis that was not asked for
 * has an empty list. Lists are read from first to last, more than once and an element at a time, so those of matrices may
 * compute their elements when asked.
 *
 * @param coactivation one entry a MoE layer, ascending
 * @param transitions one entry a pair of layers
 * @param capacity drops by capacity factor, a phase and pass size each, a layer each and summed
 * @param windows expert load over time
 * @param comparisons two routings of the same tokens beside each other
 * @param domains load of each domain
 * @param vocabulary how far token ids choose their experts
 * @param notes what was left out or cannot be said, in plain words, shown under the analysis it names
 */
@SuppressWarnings("ArrayRecordComponent") // Read only; lists would box every count.
public record AnalysisModel(
        List<Coactivation> coactivation,
        List<Transition> transitions,
        List<Capacity> capacity,
        List<Window> windows,
        List<Comparison> comparisons,
        List<Domain> domains,
        List<Vocabulary> vocabulary,
        List<Note> notes) {
    /** Nothing was asked for. */
    public static final AnalysisModel NONE =
            new AnalysisModel(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

    /**
     * Experts chosen together.
     *
     * @param tokens tokens with at least one known id
     * @param tokenCounts [num_experts * num_experts], row-major: tokens that name both experts; the diagonal holds tokens
     *     that name the expert
     */
    public record Coactivation(int layer, long tokens, long[] tokenCounts) {}

    /**
     * Experts chosen one layer after the other.
     *
     * @param counts [num_experts * num_experts], row-major: (from, to) pairs of slots of the same token
     */
    public record Transition(int fromLayer, int toLayer, long[] counts) {}

    /**
     * What a capacity factor would have dropped, by position.
     *
     * @param layer the layer, or null for the sum over layers
     * @param phase prefill, decode, or recorded
     * @param tokensPerPass tokens of a replayed pass
     * @param passes passes replayed
     * @param ids unmasked ids of the passes
     * @param slots capacity of all experts, summed over passes
     * @param dropped ids above capacity
     */
    public record Capacity(
            @Nullable Integer layer,
            String phase,
            int tokensPerPass,
            double factor,
            long passes,
            long ids,
            long slots,
            long dropped) {}

    /**
     * Expert load of a layer inside a window of time.
     *
     * @param unit what from and to count: step, or position where the recorder names no step
     * @param from first unit of the window
     * @param to last unit of the window
     * @param counts [num_experts]
     */
    public record Window(String unit, long from, long to, int layer, long[] counts) {}

    /**
     * Two routings of the same tokens.
     *
     * @param kind drift (two checkpoints), mismatch (training against inference)
     * @param left name of the left side
     * @param right name of the right side
     * @param tokens tokens compared at all layers both sides have
     * @param tokensDiffering of these, with another set at one layer at least
     * @param differingLayers (token, layer) pairs with another set
     * @param layers one entry a layer both sides have
     * @param leftOut what could not be compared, a line a reason
     */
    public record Comparison(
            String kind,
            String left,
            String right,
            long tokens,
            long tokensDiffering,
            long differingLayers,
            List<Agreement> layers,
            List<LeftOut> leftOut) {}

    /**
     * One layer of a comparison.
     *
     * @param tokens tokens compared
     * @param equalSets tokens with the same set of experts
     * @param overlapSum experts in both sets, summed
     * @param unionSum experts in either set, summed
     * @param firstEqual tokens with the same first expert, or null where slots are in no order
     * @param masked tokens left out because an id is masked
     * @param loadCosine cosine between the two sides' expert load, or null where one is all zero
     */
    public record Agreement(
            int layer,
            int topk,
            long tokens,
            long equalSets,
            long overlapSum,
            long unionSum,
            @Nullable Long firstEqual,
            long masked,
            @Nullable Double loadCosine) {}

    /** What a comparison could not line up. */
    public record LeftOut(String reason, long sequences, long tokens) {}

    /**
     * Expert load of one domain at one layer.
     *
     * @param tokens tokens of the domain
     * @param counts [num_experts] tokens of the domain that name the expert
     */
    public record Domain(String domain, int layer, long tokens, long[] counts) {}

    /**
     * How far a token id chooses its first expert, at one layer.
     *
     * @param tokenIds distinct token ids seen often enough
     * @param rareTokenIds distinct token ids seen too seldom, left out
     * @param minimum how often is often enough
     * @param meanTopShare mean share of a token id's occurrences on its most frequent first expert; null without token ids
     * @param histogram token ids by that share, 20 bins of 5 %
     */
    public record Vocabulary(
            int layer,
            long tokenIds,
            long rareTokenIds,
            int minimum,
            @Nullable Double meanTopShare,
            long[] histogram) {}

    /** A remark on one analysis: coactivation, transitions, capacity, windows, comparison, domains, vocabulary. */
    public record Note(String analysis, String text) {}
}

package io.sparkmoe.spark.report;

import io.sparkmoe.spark.report.PageView.Entry;
import java.util.List;

/** What the figures of the analyses mean, for the page's list of definitions. */
final class AnalysisDefinitions {
    private AnalysisDefinitions() {}

    static List<Entry> of(String analysis) {
        return switch (analysis) {
            case AnalysisParts.COACTIVATION ->
                List.of(
                        new Entry(
                                "lift",
                                "token_count[i, j] * T / (token_count[i, i] * token_count[j, j]), T the tokens with a known id."
                                        + " Uniform random top-k routing has E (k - 1) / (k (E - 1)), below 1, because a token names"
                                        + " k different experts; times uniform is lift over that."),
                        new Entry(
                                "order by cluster",
                                "Average linkage over log2((n + 1) / (e + 1)), n the tokens that name both experts, e those that"
                                        + " uniform routing lets expect of their loads; clusters turned so that like ends meet."));
            case AnalysisParts.TRANSITIONS ->
                List.of(
                        new Entry("transition share", "count[i, j] / sum_j count[i, j]: a row sums to 1."),
                        new Entry(
                                "elsewhere than by loads",
                                "Sum over cells of what count has above row sum * column sum / total, over the total: 0 where the"
                                        + " expert of one layer says nothing of the other's. Co-activation's is the same over pairs."));
            case AnalysisParts.COMPARISON ->
                List.of(
                        new Entry(
                                "same set",
                                "equal_sets / tokens; sets are compared without order. Mismatch is 1 less that."),
                        new Entry("saturation", "Mean over tokens of |A ∩ B| / k (OLMoE)."),
                        new Entry("jaccard", "Sum of |A ∩ B| over sum of |A ∪ B|, of all tokens together."),
                        new Entry("cosine of load", "Cosine of the two sides' counts: 1 where the shares are equal."));
            case AnalysisParts.DOMAINS ->
                List.of(new Entry(
                        "domain specialization",
                        "N_iD / N_D, the share of domain D's tokens that name expert i, against k / E; and N_iD / N_i, the share"
                                + " of the expert's tokens that are of the domain."));
            case AnalysisParts.VOCABULARY ->
                List.of(new Entry(
                        "top share",
                        "Share of a token id's occurrences whose first slot holds its most frequent expert; the mean is over ids"
                                + " seen often enough (OLMoE's vocabulary specialization). Reads the order of slots."));
            case AnalysisParts.CAPACITY ->
                List.of(new Entry(
                        "capacity",
                        "ceil(((T * k) / E) * factor) ids an expert, a pass and layer (Megatron's arithmetic); what exceeds it is"
                                + " dropped, the earliest ids kept."));
            default -> List.of();
        };
    }
}

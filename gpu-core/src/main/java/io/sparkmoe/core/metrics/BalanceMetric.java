package io.sparkmoe.core.metrics;

import java.util.Locale;

/**
 * The count-only metrics of one layer, in the order of the SQL struct and of the tables. c[e] = ids of expert e, mean =
 * sum c / E, p[e] = c[e] / sum c, g[r] = ids of rank r. A metric whose denominator is 0 is NULL.
 */
public enum BalanceMetric {
    IMBALANCE_MAX_MEAN("max_e c / mean_e c; 1 is even (the ratio that EPLB and most papers report)."),
    CV("Coefficient of variation: population standard deviation of c over its mean."),
    GINI("Gini coefficient sum_ij |c_i - c_j| / (2 E^2 mean); 0 is even, (E - 1) / E is one expert alone."),
    ENTROPY("Shannon entropy -sum p ln p in nats, with 0 ln 0 = 0."),
    ENTROPY_NORMALIZED("Entropy over ln E, in [0, 1]; NULL for one expert."),
    EFFECTIVE_EXPERTS("exp(entropy): as many evenly used experts have the same entropy."),
    MAX_VIO("(max_e c - mean_e c) / mean_e c: MaxVio of the loss-free balancing paper (DeepSeek), here global."),
    COVERAGE_TOP_1("Share of ids on the hottest expert, of all experts."),
    COVERAGE_TOP_4("Share of ids on the 4 hottest experts (all of them where there are fewer)."),
    COVERAGE_TOP_8("Share of ids on the 8 hottest experts (all of them where there are fewer)."),
    COVERAGE_TOP_16("Share of ids on the 16 hottest experts (all of them where there are fewer)."),
    COVERAGE_TOP_32("Share of ids on the 32 hottest experts (all of them where there are fewer)."),
    RANK_IMBALANCE_MAX_MEAN(
            "max_r g / mean_r g over the ranks' loads, experts placed in contiguous blocks of E / ranks; NULL without "
                    + "ranks."),
    BALANCEDNESS_SGLANG_OF_TOTALS(
            "SGLang's balancedness (mean_r g + 1e-5) / (max_r g + 1e-5), of totals and not a mean over passes; NULL "
                    + "without ranks."),
    BALANCEDNESS_VLLM_OF_TOTALS("vLLM's balancedness mean_r g / max_r g, of this layer's totals; NULL without ranks."),
    IMBALANCE_TRTLLM_OF_TOTALS(
            "TensorRT-LLM's imbalance max_r g / mean_r g - 1, of totals and not a mean over iterations; NULL without "
                    + "ranks.");

    private final String definition;

    BalanceMetric(String definition) {
        this.definition = definition;
    }

    /** The field and column name, such as {@code imbalance_max_mean}. */
    public String fieldName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** One sentence: the formula, and whose it is. */
    public String definition() {
        return definition;
    }
}
